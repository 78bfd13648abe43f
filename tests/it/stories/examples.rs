//! The reference's "Execute" works at the first try: every operation of the API document is called with its examples,
//! on a server that has already done some work.

use grimoire_tests::fake_github::Webhook;
use grimoire_tests::fake_github::log::actions_log;
use reqwest::Method;
use serde_json::{Map, Value};

use super::grimoire_on_duty::{OnDuty, SECRET, story};

/// An operation of the document.
struct Operation {
    method: Method,
    path: String,
    description: Map<String, Value>,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The examples of the parameters in a location, by name; a required parameter must have one.
    fn examples(&self, place: &str) -> Vec<(String, String)> {
        let parameters = self.description.get("parameters").and_then(Value::as_array);
        let of_place = parameters.into_iter().flatten().filter(|parameter| parameter["in"] == place);
        let mut examples = Vec::new();
        for parameter in of_place {
            let name = parameter["name"].as_str().expect("a name");
            let example = parameter.get("example").or_else(|| parameter["schema"].get("example"));
            assert!(example.is_some() || parameter["required"] != true, "{}: {name}", self.name());
            examples.extend(example.map(|example| (name.to_owned(), text(example))));
        }
        examples
    }

    /// The first content type, which the reference preselects, and its example.
    fn body(&self, document: &Value) -> Option<(String, String)> {
        let content = self.description.get("requestBody")?["content"].as_object().expect("content");
        let (kind, media) = content
            .iter()
            .find(|(_, media)| media.get("example").is_some())
            .or_else(|| content.iter().next())
            .expect("a content type");
        let example = media.get("example").cloned().unwrap_or_else(|| {
            let reference = media["schema"]["$ref"].as_str().expect("a schema with a name");
            let schema = document.pointer(reference.trim_start_matches('#')).expect("the schema");
            schema["example"].clone()
        });
        assert!(!example.is_null(), "{} has no example of its body", self.name());
        Some((kind.clone(), text(&example)))
    }
}

fn text(example: &Value) -> String {
    example.as_str().map_or_else(|| example.to_string(), str::to_owned)
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, description) in item.as_object().expect("operations") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let description = description.as_object().expect("an operation").clone();
            found.push(Operation { method, path: path.clone(), description });
        }
    }
    // A component cannot be an example in a document: changes of plugins have tests of their own.
    found.retain(|operation| operation.method == Method::GET || !operation.path.starts_with("/api/plugins/"));
    // Deletions come late, and restorations last.
    let turn =
        |operation: &Operation| (operation.path.ends_with("/restore"), operation.method == Method::DELETE);
    found.sort_by_key(turn);
    found
}

/// Calls an operation with its examples. Returns the status and the body.
async fn execute(grimoire: &OnDuty, document: &Value, operation: &Operation) -> (u16, String) {
    let mut path = operation.path.clone();
    for (name, value) in operation.examples("path") {
        path = path.replace(&format!("{{{name}}}"), &value);
    }
    assert!(!path.contains('{'), "{} has no example of its path", operation.name());
    let mut request = grimoire.request(operation.method.clone(), &path).query(&operation.examples("query"));
    for (name, value) in operation.examples("header") {
        request = request.header(name, value);
    }
    if let Some((kind, body)) = operation.body(document) {
        request = request.header("content-type", kind).body(body);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.unwrap_or_default())
}

#[tokio::test]
async fn every_operation_can_be_executed_with_its_examples() {
    story(async |grimoire| {
        let document = grimoire.get("/openapi.json").await;
        let operations = operations(&document);
        assert!(operations.len() > 25, "{}", operations.len());

        // Webhooks come first, as GitHub sends them, because the examples of other operations refer to their effects.
        let webhooks: Vec<&Operation> =
            operations.iter().filter(|operation| operation.path.starts_with("/webhook")).collect();
        let (_, payload) = webhooks[0].body(&document).expect("a payload");
        let payload: Value = serde_json::from_str(&payload).expect("JSON");
        let head = payload["pull_request"]["head"]["sha"].as_str().expect("a commit");
        let broken = "error[E0382]: borrow of moved value: `names`\n   --> src/main.rs:12:31\n";
        let _ = grimoire.pull_request(7).at(head).failing_job("build", actions_log("cargo build", broken));
        for operation in &webhooks {
            let headers = operation.examples("header");
            let of = |name: &str| &headers.iter().find(|(known, _)| known == name).expect("an example").1;
            let (_, body) = operation.body(&document).expect("a payload");
            let webhook = Webhook::raw(of("X-GitHub-Event"), body).with_id(of("X-GitHub-Delivery"));
            let receipt = webhook.signed_with(SECRET).deliver(&grimoire.url(&operation.path)).await;
            assert!(receipt.status.is_success(), "{}: {}", operation.name(), receipt.json());
        }
        grimoire.until_idle().await;

        for operation in operations.iter().filter(|operation| !operation.path.starts_with("/webhook")) {
            let (status, body) = execute(grimoire, &document, operation).await;
            let name = operation.name();
            let documented = operation.description["responses"].get(status.to_string()).is_some();
            assert!(documented, "{name}: {status} is not documented: {body}");
            // Whichever job the example names, it cannot be both cancelled and queued again.
            let ended =
                status == 409 && (operation.path.ends_with("/cancel") || operation.path.ends_with("/retry"));
            assert!((200..300).contains(&status) || ended, "{name}: {status} {body}");
            let lists = operation.method == Method::GET && body.starts_with('[');
            assert!(!lists || body != "[]" || name.contains("/api/jobs"), "{name} shows nothing");
        }
    })
    .await;
}
