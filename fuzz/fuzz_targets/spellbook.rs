//! Any text as a spellbook in each notation: it is read or rejected, and a spell that is valid comes back from its file
//! as it was. The first byte selects the notation.
#![no_main]

use grimoire_pipeline::{Notation, parse_spell, parse_spellbook, render_spell};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &str)| {
    let (which, text) = input;
    let notation = [Notation::Yaml, Notation::Json, Notation::Markdown][usize::from(which) % 3];
    let Ok(spells) = parse_spellbook(text, notation) else { return };
    for fields in spells {
        let Ok(valid) = fields.validate() else { continue };
        let fields = (*valid).clone();
        let rendered = render_spell(fields.clone()).expect("a valid spell can be written");
        assert_eq!(parse_spell(&rendered).expect("what was written can be read"), fields, "{rendered}");
    }
});
