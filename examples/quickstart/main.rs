//! The whole loop on one machine: a pull request fails on a fake GitHub, its webhook reaches a real
//! server, the job's events are followed live, and the posted comment is printed.
//!
//! ```text
//! cargo run --example quickstart
//! ```
#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a program for people")]

use anyhow::{Context as _, ensure};
use grimoire::config::{Config, Layers, Overrides};
use grimoire::serve::Server;
use grimoire_tests::fake_github::FakeGitHub;
use grimoire_tests::fake_github::log::actions_log;
use tokio_util::sync::CancellationToken;

const SECRET: &str = "the secret of this example's webhook";

const DIFF: &str = "\
diff --git a/src/main.rs b/src/main.rs
index 1111111..2222222 100644
--- a/src/main.rs
+++ b/src/main.rs
@@ -8,3 +8,6 @@ fn main() {
     let names = load();
+    for name in names {
+        greet(&name);
+    }
     println!(\"{} greeted\", names.len());
 }
";

const OUTPUT: &str = "\
   Compiling app v0.1.0 (/home/runner/work/app/app)
error[E0382]: borrow of moved value: `names`
   --> src/main.rs:12:31
    |
 8  |     let names = load();
    |         ----- move occurs because `names` has type `Vec<String>`, which does not implement the `Copy` trait
 9  |     for name in names {
    |                 ----- `names` moved due to this implicit call to `.into_iter()`
...
12  |     println!(\"{} greeted\", names.len());
    |                            ^^^^^ value borrowed here after move
    |
error: could not compile `app` (bin \"app\") due to 1 previous error
";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    println!("1. A fake GitHub with a pull request whose CI job failed:");
    let github = FakeGitHub::start().await;
    let pull_request = github
        .repository("octo/app")
        .pull_request(7)
        .titled("Greet everybody")
        .diff(DIFF)
        .failing_job("build", actions_log("cargo build", OUTPUT));
    println!("   octo/app#7 at {}", pull_request.head());

    println!("2. A real server, configured to use it:");
    let folder = tempfile::tempdir()?;
    let config = config(&folder.path().join("data"), &github)?;
    let shutdown = CancellationToken::new();
    let server = Server::start(config, shutdown.clone()).await?;
    let base = format!("http://{}", server.address());
    println!("   {base}");

    println!("3. The webhook, signed, as GitHub sends it:");
    let event = pull_request.check_run_event("build");
    let receipt = github.deliver(&format!("{base}/webhook"), "check_run", &event, SECRET).await;
    println!("   {} {}", receipt.status, receipt.json());
    let job = receipt.json()["job_id"].as_u64().context("the answer names a job")?;

    println!("4. The job, live:");
    let publisher = follow(&format!("{base}/api/jobs/{job}/events")).await?;
    let publisher = publisher.context("the review names the job that tells it")?;
    follow(&format!("{base}/api/jobs/{publisher}/events")).await?;

    println!("5. The comment on the pull request:\n");
    let comments = pull_request.comments();
    ensure!(comments.len() == 1, "one comment was expected, there are {}", comments.len());
    println!("{}", comments[0].body);

    shutdown.cancel();
    server.wait().await;
    Ok(())
}

fn config(data: &std::path::Path, github: &FakeGitHub) -> anyhow::Result<Config> {
    let environment = [
        ("API_PORT", "0".to_owned()),
        ("GRIMOIRE_STORAGE_FOLDER", data.display().to_string()),
        ("GITHUB_WEBHOOK_SECRET", SECRET.to_owned()),
        ("GITHUB_API_TOKEN", github.token()),
        ("GRIMOIRE_GITHUB_API_URL", github.api_url()),
        ("GRIMOIRE_GITHUB_STORAGE_ORIGINS", github.storage_url()),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value));
    let layers = Layers::from_parts(&Overrides::default(), data, environment);
    Ok(Config::from_layers(&layers)?)
}

/// Prints a stream of server-sent events until it ends. Returns the follow-up job, if one is named.
async fn follow(url: &str) -> anyhow::Result<Option<u64>> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut response = client.get(url).send().await?.error_for_status()?;
    let mut waiting = String::new();
    let mut next = None;
    while let Some(chunk) = response.chunk().await? {
        waiting.push_str(&String::from_utf8_lossy(&chunk));
        while let Some((event, rest)) = waiting.split_once("\n\n") {
            next = print_event(event)["publisher"].as_u64().or(next);
            waiting = rest.to_owned();
        }
    }
    Ok(next)
}

/// Prints an event and returns its facts.
fn print_event(event: &str) -> serde_json::Value {
    let field =
        |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim();
    let data: serde_json::Value = serde_json::from_str(field("data:")).unwrap_or_default();
    let step = field("event:");
    if !step.is_empty() {
        println!("   {step:10} {}", data["message"].as_str().unwrap_or_default());
    }
    data["data"].clone()
}
