//! The reference pages work without any other server.

use crate::world::{Answer, World};

/// The resources of a page: the values of its `src` and `href` attributes.
fn assets(page: &str) -> Vec<String> {
    let attributes = page.split(['<', '>', ' ', '\n']);
    let values =
        attributes.filter_map(|part| part.strip_prefix("src=").or_else(|| part.strip_prefix("href=")));
    values.map(|value| value.trim_end_matches('/').trim_matches(['"', '\'']).to_owned()).collect()
}

/// The page at `path` with all its resources, each fetched from this server.
async fn whole(world: &World, path: &str) -> (Answer, Vec<Answer>) {
    let page = world.get(path).await.expect(200);
    assert!(page.header("content-type").expect("a type").starts_with("text/html"));
    let mut loaded = Vec::new();
    for asset in assets(&page.text()).into_iter().filter(|asset| !asset.starts_with("data:")) {
        assert!(!asset.contains("//"), "{asset} is on another server");
        let address = asset.strip_prefix("./").map_or(asset.clone(), |name| format!("{path}{name}"));
        let address = if address.starts_with('/') { address } else { format!("{path}{address}") };
        loaded.push(world.get(&address).await.expect(200));
    }
    (page, loaded)
}

#[tokio::test]
async fn swagger_ui_brings_all_it_needs() {
    let world = World::new();
    let redirect = world.get("/docs").await;
    assert!(redirect.status.is_redirection());
    assert_eq!(redirect.header("location"), Some("/docs/"));
    let (_, loaded) = whole(&world, "/docs/").await;
    let kinds: Vec<&str> = loaded.iter().filter_map(|asset| asset.header("content-type")).collect();
    assert!(kinds.iter().filter(|kind| kind.contains("javascript")).count() >= 2, "{kinds:?}");
    assert!(kinds.iter().any(|kind| kind.contains("css")), "{kinds:?}");
    let start = world.get("/docs/swagger-initializer.js").await.expect(200).text();
    assert!(start.contains("/openapi.json"), "{start}");
    assert!(!start.contains("petstore") && !start.contains("://"), "{start}");
    assert!(start.contains("\"validatorUrl\": \"none\""), "{start}");
}

#[tokio::test]
async fn redoc_brings_all_it_needs() {
    let world = World::new();
    let (page, loaded) = whole(&world, "/redoc").await;
    assert!(!page.text().contains("://"), "the page names no other server");
    assert_eq!(loaded.len(), 4, "a style, the document, the library and its start");
    for own in ["/redoc/page.css", "/redoc/start.js"] {
        assert!(!world.get(own).await.expect(200).text().contains("://"), "{own}");
    }
    let library = world.get("/redoc/redoc.standalone.js").header("accept-encoding", "gzip").await.expect(200);
    assert_eq!(library.header("content-encoding"), Some("gzip"), "packed once, not twice");
    assert_eq!(library.body[..2], [0x1f, 0x8b]);
    assert!(library.header("cache-control").expect("a rule").contains("max-age"));
}

#[tokio::test]
async fn pages_may_run_only_what_this_server_sends() {
    let world = World::new();
    for path in ["/docs/", "/redoc"] {
        let page = world.get(path).await.expect(200);
        let policy = page.header("content-security-policy").expect("a policy").to_owned();
        assert!(policy.contains("script-src 'self';"), "{policy}");
        // `script-src 'self'` allows no inline script.
        let inline = page.text().split("<script").skip(1).filter(|tag| !tag.starts_with(" src=")).count();
        assert!(
            page.text()
                .split("<script")
                .skip(1)
                .all(|tag| tag.split('>').next().is_some_and(|open| open.contains("src="))),
            "{inline} inline scripts in {path}"
        );
    }
}

#[tokio::test]
async fn the_document_is_served_as_it_is_published() {
    let served = World::new().get("/openapi.json").await.expect(200);
    assert!(served.header("content-type").expect("a type").starts_with("application/json"));
    let published = serde_json::to_value(grimoire_http::openapi_document()).expect("JSON");
    assert_eq!(served.json(), published);
}

#[tokio::test]
async fn what_can_be_sent_without_a_file_is_offered_first() {
    let text = World::new().get("/openapi.json").await.expect(200).text();
    for path in ["/api/analyze", "/api/diagnose"] {
        let operation = &text[text.find(&format!("\"{path}\":{{")).expect("the operation")..];
        let body = &operation[operation.find("\"requestBody\"").expect("a body")..];
        let (plain, bytes) = (body.find("\"text/plain\""), body.find("\"application/octet-stream\""));
        assert!(plain.expect("text") < bytes.expect("bytes"), "{path}");
    }
    let spell = &text[text.find("\"/api/spells/{id}\":{").expect("the operations")..];
    assert!(spell.find("\"get\":{").expect("reading") < spell.find("\"delete\":{").expect("deleting"));
}
