//! Messages of GNU ld in other languages: programs in C print what the builder's locale asks for.
//!
//! ```text
//! /usr/bin/ld : pot.o : dans la fonction « main » :
//! pot.c:(.text+0x5) : référence indéfinie vers « boil »
//! ```

use grimoire_plugin_sdk::text::{Characters, Needle};

/// What says that a symbol is missing or defined twice.
static SYMBOLS: [Needle; 17] = [
    Needle::new("Verweis auf "),
    Needle::new("ehrfache Definition von "),
    Needle::new("indéfinie vers"),
    Needle::new("éfinitions multiples de"),
    Needle::new("sin definir"),
    Needle::new("efiniciones múltiples de"),
    Needle::new("еопределённая ссылка на"),
    Needle::new("еопределенная ссылка на"),
    Needle::new("ножественное определение"),
    Needle::new("non definito a "),
    Needle::new("efinizione multipla di "),
    Needle::new("não definida para"),
    Needle::new("eferência indefinida para"),
    Needle::new("efinições múltiplas de"),
    Needle::new("未定义的引用"),
    Needle::new("多重定义"),
    Needle::new("定義されていない参照"),
];
/// What precedes or surrounds the name of the function that the next lines are about.
static FUNCTIONS: [Needle; 8] = [
    Needle::new("in Funktion "),
    Needle::new("dans la fonction "),
    Needle::new("en la función "),
    Needle::new("в функции "),
    Needle::new("nella funzione "),
    Needle::new("na função "),
    Needle::new("在函数"),
    Needle::new("関数 "),
];
/// The same as `warning: `.
pub(super) const WARNINGS: [&str; 7] =
    ["Warnung: ", "attention: ", "avertissement: ", "advertencia: ", "aviso: ", "предупреждение: ", "警告："];

/// The object in a line that names it and a function.
pub(super) fn object_of_function(characters: Characters, text: &str) -> Option<String> {
    let at = FUNCTIONS.iter().find_map(|sign| sign.find_among(characters, text))?;
    text.ends_with([':', '：', '内', '中'])
        .then(|| normal(&text[..at]).trim_end_matches([':', ' ']).to_owned())
}

/// The object and the message in a line about a symbol.
pub(super) fn symbol(characters: Characters, text: &str) -> Option<(String, String)> {
    SYMBOLS.iter().find(|sign| sign.find_among(characters, text).is_some())?;
    // Some versions call it a warning, and fail.
    let text = WARNINGS.iter().fold(normal(text), |text, word| text.replace(word, ""));
    // `pot.c:(.text+0x5): `, `pot.o: `, or nothing before the message.
    let at = match text.split_once("): ") {
        Some((object, _)) if object.contains("(.") && object.contains('+') => object.len() + 1,
        _ => text.rfind(": ").unwrap_or_default(),
    };
    let (object, message) = text.split_at(at);
    Some((object.trim_end_matches([':', ' ']).to_owned(), message.trim_start_matches([':', ' ']).to_owned()))
}

/// The text with colons as in English: French has a space before each, Chinese has its own.
fn normal(text: &str) -> String {
    text.replace(" : ", ": ").replace('：', ": ")
}
