//! The cases of this analyzer, and properties that hold for any bytes.

use analyzer_report::Scan;
use grimoire_plugin_sdk::{cases, media_type};
use proptest::prelude::*;
use std::path::Path;

#[test]
fn cases() {
    cases::run::<Scan>(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases"), media_type::LOG);
}

proptest! {
    #[test]
    fn any_bytes_in_any_chunks_give_the_same(
        log in proptest::collection::vec(prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..20),
            prop::sample::select(vec![
                "<?xml version=\"1.0\"?>\n", "<testsuites>\n", "</testsuites>\n", "<testsuite>", "<testcase name=\"a\" file=\"a.c\" line=\"1\">",
                "<failure message=\"x\">", "</failure>", "</testcase>\n", "<![CDATA[", "]]>", "&lt;", "&bad;", "<checkstyle>\n<file name=\"a.c\">",
                "<error line=\"1\" message=\"x\"/>\n", "</checkstyle>\n", "<!-- ", " -->", "<pmd/>\n",
                "{\"runs\":[{\"results\":[{\"message\":{\"text\":\"x\"}}]}],\"version\":\"1\"}\n",
                "[{\"file\":\"a.c\",\"line\":1,\"message\":\"x\"}]\n", "{\"Action\":\"output\",\"Package\":\"p\",\"Output\":\"    a.go:1: x\\n\"}\n",
                "{\"Action\":\"fail\",\"Package\":\"p\"}\n", "{", "}", "[", "\"", "\\", "\n",
            ]).prop_map(|text| text.as_bytes().to_vec()),
        ], 0..50).prop_map(|pieces| pieces.concat()),
        size in 1_usize..50,
    ) {
        cases::hold::<Scan>(media_type::LOG, &log, size);
    }
}
