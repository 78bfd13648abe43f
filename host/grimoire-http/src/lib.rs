//! The HTTP face of Grimoire: routes, wire types, OpenAPI.
#![forbid(unsafe_code)]
