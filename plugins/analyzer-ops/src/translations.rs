//! What the C library, bash and cmd say in other languages than English: programs ask the builder's locale.

use grimoire_plugin_sdk::text::{Characters, Needle};

/// Ends of bash's message about a program that it does not find.
const NO_COMMAND: &[&str] = &[
    "ommando nicht gefunden",
    "efehl nicht gefunden",
    "commande introuvable",
    "orden no encontrada",
    "comando non trovato",
    "comando não encontrado",
    "команда не найдена",
    "команду не знайдено",
    "未找到命令",
    "コマンドが見つかりません",
];
/// The end of `No such file or directory`.
const NO_FILE: &[&str] = &[
    "Datei oder Verzeichnis nicht gefunden",
    "Aucun fichier ou dossier de ce type",
    "No existe el archivo o el directorio",
    "No existe el fichero o el directorio",
    "File o directory non esistente",
    "Arquivo ou diretório inexistente",
    "Ficheiro ou pasta inexistente",
    "Нет такого файла или каталога",
    "没有那个文件或目录",
    "そのようなファイルやディレクトリはありません",
];
/// The end of `Permission denied`.
const DENIED: &[&str] = &[
    "Keine Berechtigung",
    "Permission non accordée",
    "Permiso denegado",
    "Permesso negato",
    "Permissão negada",
    "Отказано в доступе",
    "权限不够",
    "許可がありません",
];
/// What cmd says of a program that it does not find, after its name in quotes.
static NOT_RECOGNIZED: [Needle; 10] = [
    Needle::new(" is not recognized as an internal or external command"),
    Needle::new(" ist kein interner oder externer Befehl"),
    Needle::new(" ist entweder falsch geschrieben oder"),
    Needle::new(" n'est pas reconnu en tant que commande interne"),
    Needle::new(" no se reconoce como un comando interno o externo"),
    Needle::new("riconosciuto come comando interno"),
    Needle::new("reconhecido como um comando interno"),
    Needle::new(" не является внутренней или внешней"),
    Needle::new("不是内部或外部命令"),
    Needle::new("内部コマンドまたは外部コマンド"),
];
/// What bash writes before the number of a line.
const LINES: &[&str] = &["line ", "Zeile ", "ligne ", "línea ", "riga ", "linha ", "строка ", "行 ", "第 "];

/// The type of error that the end of a message in another language than English stands for.
pub(crate) fn ending(message: &str) -> Option<&'static str> {
    let message = message.trim_end_matches(['.', '。']);
    [(NO_COMMAND, "command-not-found"), (NO_FILE, "no-such-file"), (DENIED, "permission-denied")]
        .iter()
        .find_map(|(ends, name)| ends.iter().any(|end| message.ends_with(end)).then_some(*name))
}

/// Returns true if cmd does not find a program.
pub(crate) fn is_not_recognized(characters: Characters, text: &str) -> bool {
    let is_quoted = text.starts_with(['\'', '"', '«']) || text.starts_with("Der Befehl \"");
    is_quoted
        && NOT_RECOGNIZED.iter().any(|sign| sign.find_among(characters, text).is_some_and(|at| at < 200))
}

/// The text after `line `, in any language.
pub(crate) fn after_line(text: &str) -> Option<&str> {
    LINES.iter().find_map(|word| text.strip_prefix(word))
}
