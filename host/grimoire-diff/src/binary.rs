//! Recognises binary files by their names.

/// Extensions of formats that are never text, sorted.
const EXTENSIONS: [&str; 97] = [
    "7z", "a", "aac", "avi", "avif", "bin", "bmp", "br", "bz2", "class", "cur", "dat", "db", "deb", "dll",
    "dmg", "doc", "docx", "dylib", "ear", "eot", "exe", "flac", "gif", "gz", "h5", "heic", "icns", "ico",
    "iso", "jar", "jks", "jp2", "jpeg", "jpg", "keystore", "lib", "lz", "lz4", "lzma", "m4a", "m4v", "mkv",
    "mo", "mov", "mp3", "mp4", "mpeg", "mpg", "msi", "nib", "node", "npy", "npz", "o", "obj", "odp", "ods",
    "odt", "ogg", "onnx", "otf", "p12", "parquet", "pch", "pdb", "pdf", "pfx", "pickle", "pkl", "png", "ppt",
    "pptx", "psd", "pyc", "pyd", "rar", "rpm", "so", "sqlite", "swf", "tar", "tgz", "tif", "tiff", "ttf",
    "war", "wasm", "wav", "webm", "webp", "whl", "woff", "woff2", "xls", "xlsx", "xz",
];

/// Returns true if files with this name are usually binary. For files whose content a diff does not show.
pub(super) fn is_binary_name(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && EXTENSIONS.binary_search(&extension.to_ascii_lowercase().as_str()).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_sorted_so_that_each_is_found() {
        assert!(EXTENSIONS.is_sorted());
        assert!(EXTENSIONS.iter().all(|extension| is_binary_name(&format!("folder/name.{extension}"))));
    }

    #[test]
    fn only_the_last_extension_of_the_last_component_counts() {
        assert!(is_binary_name("icons/Logo.PNG"));
        for text in ["logo.png.txt", "icons.png/readme", ".png", "png", "src/lib.rs", ""] {
            assert!(!is_binary_name(text), "{text}");
        }
    }
}
