//! Any bytes as a payload of any event: it is read or rejected, never a panic. The first byte selects the event.
#![no_main]

use grimoire_github::Gate;
use grimoire_ports::github::WebhookGate as _;
use libfuzzer_sys::fuzz_target;

const EVENTS: [&str; 9] = [
    "pull_request", "check_run", "check_suite", "workflow_run", "workflow_job", "status", "ping", "issues", "unheard_of",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else { return };
    let event = EVENTS[usize::from(*first) % EVENTS.len()];
    if let Ok(parsed) = Gate::insecure().parse(event, body) {
        assert_eq!(parsed.event, event);
    }
});
