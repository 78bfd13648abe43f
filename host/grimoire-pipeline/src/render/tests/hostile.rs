//! Quoted text of logs, diffs and spells stays text.

use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use super::*;
use crate::render::comment::MARKER;

/// Texts that try to escape from their quotation.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "@octocat",
        "#12",
        "octo/app#1",
        "GH-3",
        "fixes",
        "https://e.example",
        "www.e.example",
        "[a](b)",
        "![i](u)",
        "[r]: /x",
        "<img src=x>",
        "<!-- -->",
        "<b",
        ">",
        "`",
        "``",
        "```",
        "~~~",
        "````",
        "\n",
        "\n\n",
        "\n    ",
        "\t",
        " ",
        "  ",
        "|",
        "\n---\n",
        "===",
        "* ",
        "1. ",
        "\\",
        "\\`",
        "&#64;x",
        "&lt;",
        "**",
        "_",
        "~~x~~",
        "word",
        "漢",
        "\u{202E}",
        "\u{200B}",
        "$x$",
        ":tada:",
        "[^1]",
        "- [ ] x",
        "\r",
        "\0",
        "a@b.example",
        "http://[::1]",
        "(",
        ")",
        "!",
        "[",
        "]",
        "deadbeef",
        "\u{1b}[31m",
    ]);
    let random = prop_oneof![4 => pieces.prop_map(str::to_owned), 1 => any::<String>()];
    prop::collection::vec(random, 0..24).prop_map(|pieces| pieces.concat())
}

/// Text that GitHub would turn into something active.
static LIVE: LazyLock<Regex> = LazyLock::new(|| {
    let shapes = [
        r"@[A-Za-z0-9]",
        r"#\d",
        r"(?i:\bgh-\d)",
        r"(?i:https?://|www\.)",
        r"\b[0-9a-f]{7,}\b",
        r":[a-z_]+:",
        r"[\u{200B}-\u{200F}\u{202A}-\u{202E}]",
    ];
    Regex::new(&shapes.join("|")).expect("constant")
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn hostile_text_comes_to_life_nowhere(
        message in hostile(), path in hostile(), code in hostile(), title in hostile(), other in hostile(),
        description in hostile(), solution in hostile(), detail in hostile(), gap in hostile(),
    ) {
        let spells = vec![ranked(&title, &description, &solution, &detail), ranked(&other, "", "", "")];
        let mut found = error(&message, &path, spells);
        found.diagnostic.code = Some(code);
        let last = RankedSpell { id: SpellId(9), ..ranked("Last spell", "Last words", "last line", "") };
        let known = error("plain", "b.rs", vec![last]);
        let body =
            comment(&review(vec![found, known], vec![gap, "Last gap".to_owned()]), None, 10, &links());
        prop_assert!(body.chars().count() <= 65_000);

        let (mut in_code, mut in_link) = (false, false);
        let (mut rows, mut folds) = (0, 0);
        let mut text = String::new();
        let mut paragraphs = Vec::new();
        for event in Parser::new_ext(&body, Options::all()) {
            match event {
                Event::Html(html) | Event::InlineHtml(html) => {
                    prop_assert!(is_ours(&html), "{html} in\n{body}");
                    folds += html.matches("<details>").count();
                }
                Event::Start(Tag::CodeBlock(_)) => in_code = true,
                Event::End(TagEnd::CodeBlock) => in_code = false,
                Event::Start(Tag::TableRow) => rows += 1,
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let known = ["https://github.com/octo/app/blob/", "https://grimoire.example/api/spells/"];
                    prop_assert!(known.iter().any(|start| dest_url.starts_with(start)), "{dest_url}");
                    in_link = true;
                }
                Event::End(TagEnd::Link) => in_link = false,
                Event::Start(Tag::Paragraph | Tag::TableCell) => text.clear(),
                Event::End(TagEnd::Paragraph) => paragraphs.push(text.clone()),
                Event::Text(inner) if !in_code && !in_link => text.push_str(&inner),
                Event::Code(_) => text.push('\u{FFFC}'),
                Event::SoftBreak => text.push(' '),
                Event::Start(Tag::HtmlBlock | Tag::Strong | Tag::Table(_) | Tag::TableHead)
                | Event::End(_)
                | Event::Text(_) => {}
                other => prop_assert!(false, "{other:?} in\n{body}"),
            }
            prop_assert!(!LIVE.is_match(&text), "{text:?} in\n{body}");
        }
        // The parts after the hostile text are still in place.
        prop_assert_eq!((rows, folds), (2, 2));
        prop_assert!(paragraphs.iter().any(|paragraph| paragraph == "Not looked at: Last gap"), "{body}");
        prop_assert!(paragraphs.last().is_some_and(|last| last.starts_with("Grimoire looks")), "{body}");
    }

}

/// Returns true for HTML of a comment's own markup: no quoted text may become an element or an attribute.
fn is_ours(html: &str) -> bool {
    let elements = Regex::new(r"</?(details|summary|code|sub)>").expect("constant");
    let rest = elements.replace_all(html, "").replace(MARKER, "");
    !rest.contains(['<', '>'])
        && !LIVE.is_match(&Regex::new("<code>.*?</code>").expect("constant").replace_all(html, ""))
}

proptest! {
    // Only a few cases, because each is large.
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_size_of_input_makes_a_comment_too_long(
        errors in 1_usize..20, message in 0_usize..4_000, solution in 0_usize..12_000, ticks: bool,
    ) {
        let unit = if ticks { "`" } else { "m " };
        let found = error(&unit.repeat(message), &unit.repeat(500), vec![
            ranked(&unit.repeat(255), &unit.repeat(solution), &unit.repeat(solution), &unit.repeat(500)),
            ranked(&unit.repeat(255), "", "", ""),
            ranked(&unit.repeat(255), "", "", ""),
        ]);
        let gaps = vec![unit.repeat(2_000); 10];
        let body = comment(&review(vec![found; errors], gaps), None, errors, &links());
        prop_assert!(body.chars().count() <= 65_000, "{} characters", body.chars().count());
        prop_assert!(body.contains("<details>"), "at least one fix always fits");
    }
}
