//! Severity words after a colon, found once for all recognisers: most lines have none.

use grimoire_plugin_sdk::{
    Severity,
    text::{Beginnings, Needle},
};

/// A severity word in a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// The offset of the colon before it.
    pub(crate) at: usize,
    /// The offset of the text after the word.
    pub(crate) end: usize,
    pub(crate) class: Class,
}

/// The meaning of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A word and a colon: the message follows.
    Message(Severity),
    /// The same, as printed by assemblers and Fortran compilers.
    Capital(Severity),
    /// A note to the previous diagnostic.
    Note,
    /// A word and a space: a code follows, or prose.
    Code,
    /// Capital letters, as printed by Meson, doctest and many others.
    Loud,
}

static COLON: Needle = Needle::new(": ");
const COUNT: usize = 51;
const WORDS: [(&str, Class); COUNT] = [
    ("error: ", Class::Message(Severity::Error)),
    ("fatal error: ", Class::Message(Severity::Error)),
    ("warning: ", Class::Message(Severity::Warning)),
    ("internal compiler error: ", Class::Message(Severity::Fatal)),
    ("sorry, unimplemented: ", Class::Message(Severity::Error)),
    ("remark: ", Class::Message(Severity::Info)),
    // cppcheck's levels.
    ("style: ", Class::Message(Severity::Warning)),
    ("performance: ", Class::Message(Severity::Warning)),
    ("portability: ", Class::Message(Severity::Warning)),
    ("information: ", Class::Message(Severity::Info)),
    // GCC in other languages.
    ("错误：", Class::Message(Severity::Error)),
    ("致命错误：", Class::Message(Severity::Error)),
    ("エラー: ", Class::Message(Severity::Error)),
    ("致命的エラー: ", Class::Message(Severity::Error)),
    ("Fehler: ", Class::Message(Severity::Error)),
    ("schwerwiegender Fehler: ", Class::Message(Severity::Error)),
    ("erreur: ", Class::Message(Severity::Error)),
    ("erreur : ", Class::Message(Severity::Error)),
    ("erreur fatale : ", Class::Message(Severity::Error)),
    ("ошибка: ", Class::Message(Severity::Error)),
    ("фатальная ошибка: ", Class::Message(Severity::Error)),
    ("erro: ", Class::Message(Severity::Error)),
    ("erro fatal: ", Class::Message(Severity::Error)),
    ("errore: ", Class::Message(Severity::Error)),
    ("errore fatale: ", Class::Message(Severity::Error)),
    ("error fatal: ", Class::Message(Severity::Error)),
    ("erreur fatale: ", Class::Message(Severity::Error)),
    ("помилка: ", Class::Message(Severity::Error)),
    ("错误: ", Class::Message(Severity::Error)),
    ("致命错误: ", Class::Message(Severity::Error)),
    ("警告：", Class::Message(Severity::Warning)),
    ("警告: ", Class::Message(Severity::Warning)),
    ("Warnung: ", Class::Message(Severity::Warning)),
    ("attention: ", Class::Message(Severity::Warning)),
    ("avertissement: ", Class::Message(Severity::Warning)),
    ("предупреждение: ", Class::Message(Severity::Warning)),
    ("aviso: ", Class::Message(Severity::Warning)),
    ("Error: ", Class::Capital(Severity::Error)),
    ("Fatal error: ", Class::Capital(Severity::Error)),
    ("Fatal Error: ", Class::Capital(Severity::Error)),
    ("Warning: ", Class::Capital(Severity::Warning)),
    ("note: ", Class::Note),
    ("error ", Class::Code),
    ("fatal error ", Class::Code),
    ("warning ", Class::Code),
    ("Command line ", Class::Code),
    ("command line ", Class::Code),
    ("general error ", Class::Code),
    ("ERROR: ", Class::Loud),
    ("FATAL ERROR: ", Class::Loud),
    ("WARNING: ", Class::Loud),
];
const TEXTS: [&str; COUNT] = {
    let (mut texts, mut at) = ([""; COUNT], 0);
    while at < COUNT {
        texts[at] = WORDS[at].0;
        at += 1;
    }
    texts
};
static STARTS: Beginnings = Beginnings::new(&TEXTS);

/// The first such word in a text.
pub(crate) fn first(text: &str) -> Option<Word> {
    COLON.find_all(text).find_map(|at| {
        let start = at + COLON.text().len();
        let (word, class) = WORDS[STARTS.position(&text[start..])?];
        Some(Word { at, end: start + word.len(), class })
    })
}
