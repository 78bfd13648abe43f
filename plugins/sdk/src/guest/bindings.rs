//! The generated bindings: a module for each world. All worlds share the types of the first.
#![allow(unsafe_code, unused_qualifications, unreachable_pub, clippy::all, clippy::pedantic)]

pub mod analyzer {
    wit_bindgen::generate!({
        path: "wit/analyzer",
        world: "grimoire:analyzer/analyzer",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "grimoire_plugin_sdk::guest::bindings::analyzer",
    });
}

pub mod matcher {
    wit_bindgen::generate!({
        path: "wit/matcher",
        world: "grimoire:matcher/matcher",
        with: {
            "grimoire:types/types@0.1.0": crate::guest::bindings::analyzer::grimoire::types::types,
            "grimoire:types/log@0.1.0": crate::guest::bindings::analyzer::grimoire::types::log,
        },
        pub_export_macro: true,
        default_bindings_module: "grimoire_plugin_sdk::guest::bindings::matcher",
    });
}

pub mod embedder {
    wit_bindgen::generate!({
        path: "wit/embedder",
        world: "grimoire:embedder/embedder",
        with: {
            "grimoire:types/types@0.1.0": crate::guest::bindings::analyzer::grimoire::types::types,
            "grimoire:types/log@0.1.0": crate::guest::bindings::analyzer::grimoire::types::log,
        },
        pub_export_macro: true,
        default_bindings_module: "grimoire_plugin_sdk::guest::bindings::embedder",
    });
}

pub use analyzer::grimoire::types;
