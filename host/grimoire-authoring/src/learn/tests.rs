use super::*;

fn sample(texts: &[&str]) -> Vec<SampleLine> {
    lines(texts.join("\n").as_bytes())
}

fn learnt(texts: &[&str]) -> Vec<String> {
    let lines = sample(texts);
    let marked: Vec<_> = lines.iter().collect();
    forms(&marked).expect("forms").iter().map(Form::pattern).collect()
}

#[test]
fn the_fields_of_a_line_are_found_in_the_forms_that_tools_print() {
    for (line, pattern) in [
        (
            "kettle: error K042 in src/pot.k:12:5: lid is missing",
            r"^kettle: (?<severity>warning|error) (?<code>K\d+) in (?<path>\S+?):(?<line>\d+):(?<column>\d+): (?<message>.+)$",
        ),
        (
            "src/pot.k(12,5): Warning TEA-17: the water is cold",
            r"^(?<path>\S+?)\((?<line>\d+),(?<column>\d+)\): (?<severity>Warning|Error) (?<code>TEA-\d+): (?<message>.+)$",
        ),
        (
            "2025-03-02T10:11:12.1234567Z [brew] ERROR step 3/10: no steam at lib/pot.b:7",
            r"^\[brew\] (?<severity>WARNING|ERROR) (?<message>.+?) at (?<path>\S+?):(?<line>\d+)$",
        ),
        (
            "lib/pot.b: line 7, no handle [pot/handle]",
            r"^(?<path>\S+?): line (?<line>\d+), (?<message>.+?) \[(?<code>[\w./@-]+)\]$",
        ),
        ("E17: out of tea", r"^(?<code>E\d+): (?<message>.+)$"),
    ] {
        assert_eq!(learnt(&[line]), [pattern], "{line}");
    }
}

#[test]
fn lines_of_one_form_become_one_expression_and_others_their_own() {
    let found = learnt(&[
        "kettle: error K042 in src/pot.k:12:5: lid is missing",
        "kettle: fatal T1 in src/cup.k:1:1: boiled over",
        "kettle: error: no such file: src/tea.k",
    ]);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].contains("(?<severity>warning|error|fatal)"), "{found:?}");
    assert!(found[0].contains(r"(?<code>[A-Z][A-Z_-]*\d+)"), "{found:?}");
}

#[test]
fn a_form_may_be_written_by_hand() {
    let form = Form::written("[{*}] {path} @ {line} -- {message} <{code}>").expect("a form");
    assert_eq!(
        form.pattern(),
        r"^\[.*?\] (?<path>\S+?) @ (?<line>\d+) -- (?<message>.+?) <(?<code>[\w./@-]+)>$"
    );
    let form = Form::written("POT-{severity} {message}").expect("a form");
    assert_eq!(form.pattern(), "^POT-(?<severity>[A-Za-z]+) (?<message>.+)$");
    for (form, reason) in [
        ("{path}: {text}", "{text} is no field; there are {path}, {line}"),
        ("{path}: {path}", "{path} stands in it twice"),
        ("{path}: failed", "it has no {message}"),
    ] {
        let refused = Form::written(form).expect_err(form).to_string();
        assert!(refused.contains(reason), "{refused}");
    }
}

#[test]
fn a_line_without_anything_to_know_it_by_is_refused() {
    let lines = sample(&["something is wrong"]);
    let refused = forms(&[&lines[0]]).expect_err("refused").to_string();
    assert!(refused.starts_with("line 1 has neither a place nor a severity nor a code"), "{refused}");
}

#[test]
fn the_configuration_is_toml_that_says_the_same_as_the_json() {
    let form = Form::written("it's {severity}: {message}").expect("a form");
    let forms = [form, Form::written("{path}: {message}").expect("a form")];
    let toml: toml::Table = as_toml("pot \"2\"", &forms).parse().expect("valid TOML");
    let json: serde_json::Value = serde_json::from_str(&as_json("pot \"2\"", &forms)).expect("valid JSON");
    let tools = &toml["plugins"]["config"]["analyzer-patterns"]["tool"];
    assert_eq!(serde_json::to_value(tools).expect("JSON"), json["tool"]);
}
