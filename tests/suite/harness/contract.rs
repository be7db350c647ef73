//! Checks of every response against openapi.yaml: the operation must declare the status and the
//! content type, and the body must fit the schema.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::response::TestResponse;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_norway::from_str(include_str!("../../../openapi.yaml")).expect("the contract is YAML")
});
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// One operation of the contract.
#[derive(Clone)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// HTTP method, in capitals.
    pub method: String,
    /// Path, with the names of its parameters in braces.
    pub path: String,
    /// Required cookie: `person_session`, `guest_session`, or none.
    pub security: Option<String>,
    /// True if API clients may call it.
    pub takes_clients: bool,
    /// True if it has a request body.
    pub takes_body: bool,
    declared: Value,
}

/// Place of a text in a request.
#[derive(Clone, Debug)]
pub enum TextLocation {
    /// A parameter of the path.
    Path(String),
    /// A parameter of the query.
    Query(String),
    /// A field of the body: the names of the fields on the way, and `*` for the first item of a
    /// list.
    Body(Vec<String>),
}

impl Operation {
    /// Every place for a text that is not of an enumeration.
    pub fn text_locations(&self) -> Vec<TextLocation> {
        let mut places = Vec::new();
        let of_path = DOCUMENT["paths"][&self.path]["parameters"].as_array();
        for parameter in of_path
            .into_iter()
            .chain(self.declared["parameters"].as_array())
            .flatten()
            .map(resolve_ref)
        {
            let name = parameter["name"].as_str().unwrap_or_default().to_owned();
            match parameter["in"].as_str() {
                Some("path") => places.push(TextLocation::Path(name)),
                Some("query") => places.push(TextLocation::Query(name)),
                _ => {}
            }
        }
        let schema =
            &resolve_ref(&self.declared["requestBody"])["content"]["application/json"]["schema"];
        collect_texts(schema, &mut Vec::new(), &mut places);
        places
    }

    /// Returns whether it has a parameter `cursor`.
    pub fn takes_cursor(&self) -> bool {
        let parameters = self.declared["parameters"].as_array();
        parameters.is_some_and(|all| {
            all.iter().any(|one| one["$ref"] == "#/components/parameters/Cursor")
        })
    }

    /// Returns whether it returns a list.
    pub fn returns_list(&self) -> bool {
        let schema =
            self.declared["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
                .as_str();
        schema.is_some_and(|schema| schema.ends_with("Page"))
    }
}

/// All operations of the contract.
pub fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().expect("the contract has paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            let declared = &item[method];
            if declared.is_null() {
                continue;
            }
            all.push(Operation {
                id: declared["operationId"].as_str().expect("an operation has an id").to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                security: declared["security"][0]
                    .as_object()
                    .and_then(|scheme| scheme.keys().next().cloned()),
                takes_clients: declared["security"]
                    .as_array()
                    .is_some_and(|all| all.iter().any(|scheme| scheme["program"].is_array())),
                takes_body: !declared["requestBody"].is_null(),
                declared: declared.clone(),
            });
        }
    }
    all
}

fn collect_texts(schema: &Value, steps: &mut Vec<String>, places: &mut Vec<TextLocation>) {
    let schema = resolve_ref(schema);
    let is_text = schema["type"] == "string"
        || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("string")));
    if is_text && schema["enum"].is_null() && schema["const"].is_null() {
        places.push(TextLocation::Body(steps.clone()));
    }
    for (name, of) in schema["properties"].as_object().into_iter().flatten() {
        steps.push(name.clone());
        collect_texts(of, steps, places);
        steps.pop();
    }
    if schema["items"].is_object() {
        steps.push("*".to_owned());
        collect_texts(&schema["items"], steps, places);
        steps.pop();
    }
    for part in ["allOf", "oneOf", "anyOf"]
        .into_iter()
        .flat_map(|kind| schema[kind].as_array().into_iter().flatten())
    {
        collect_texts(part, steps, places);
    }
}

/// The fields of a JSON body for texts whose length the contract does not limit.
pub fn unbounded_texts(operation: &Operation) -> Vec<Vec<String>> {
    let schema =
        resolve_ref(&operation.declared["requestBody"])["content"]["application/json"]["schema"]
            .clone();
    let is_bounded = |steps: &[String]| {
        let found = steps.iter().try_fold(resolve_ref(&schema), |schema, step| {
            let next =
                if step == "*" { &schema["items"] } else { &schema["properties"][step.as_str()] };
            (!next.is_null()).then(|| resolve_ref(next))
        });
        // A path through `allOf`, `oneOf` or `anyOf` is not followed, and its text counts as
        // limited.
        found.is_none_or(|found| {
            ["maxLength", "format", "pattern"].iter().any(|bound| !found[bound].is_null())
        })
    };
    let texts = operation
        .text_locations()
        .into_iter()
        .filter_map(|place| if let TextLocation::Body(steps) = place { Some(steps) } else { None });
    texts.filter(|steps| !is_bounded(steps)).collect()
}

/// Replaces the text at one place of a body; missing objects and lists on the way are created.
pub fn with_text(mut body: Value, steps: &[String], text: &str) -> Value {
    let mut place = &mut body;
    for step in steps {
        if step == "*" {
            if place.as_array().is_none_or(Vec::is_empty) {
                *place = json!([null]);
            }
            place = &mut place[0];
        } else {
            if !place.is_object() {
                *place = json!({});
            }
            place = &mut place[step.as_str()];
        }
    }
    *place = json!(text);
    body
}

/// Panics unless the contract declares this response.
pub fn check(method: &str, path: &str, answer: &TestResponse) {
    let path = path.split('?').next().unwrap_or(path);
    let said = format!("{method} {path} answered {} {}", answer.status, answer.text);
    assert!(answer.header("x-request-id").is_some(), "no X-Request-Id: {said}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{said}");
    let operation = operations()
        .into_iter()
        .find(|operation| operation.method == method && matches_template(&operation.path, path));
    let Some(operation) = operation else {
        assert!(matches!(answer.status, 404 | 405), "the contract has no such operation: {said}");
        return check_body(
            "Problem",
            &json!({ "$ref": "#/components/schemas/Problem" }),
            answer,
            &said,
        );
    };
    // Only these responses may be cached, though a client may have to revalidate them.
    let is_tagged = operation.declared["responses"]["200"]["headers"]["ETag"].is_object();
    let is_kept =
        is_tagged || ["get_contract", "get_signing_keys"].contains(&operation.id.as_str());
    if !is_kept || answer.status >= 400 {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{said}");
    }
    let response = resolve_ref(&operation.declared["responses"][answer.status.to_string()]);
    assert!(response.is_object(), "the contract of {} does not declare this: {said}", operation.id);
    let Some(contents) = response["content"].as_object() else {
        assert!(answer.text.is_empty(), "a body that the contract does not declare: {said}");
        return;
    };
    let found = answer.content_type();
    let declared = contents.get(found).unwrap_or_else(|| {
        panic!("the contract of {} does not declare {found:?}: {said}", operation.id)
    });
    if found.ends_with("json") {
        check_body(
            &format!("{} {}", operation.id, answer.status),
            &declared["schema"],
            answer,
            &said,
        );
    }
}

fn check_body(name: &str, schema: &Value, answer: &TestResponse, said: &str) {
    if name == "Problem" {
        assert_eq!(answer.content_type(), "application/problem+json", "{said}");
    }
    let validator = validator(name, schema);
    let errors: Vec<String> = validator
        .iter_errors(&answer.body)
        .map(|error| format!("{} at {:?}", error, error.instance_path().to_string()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}\n{said}");
}

fn validator(name: &str, schema: &Value) -> Arc<Validator> {
    let mut known = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let made = known.entry(name.to_owned()).or_insert_with(|| {
        let whole = json!({
            "allOf": [schema],
            "components": { "schemas": DOCUMENT["components"]["schemas"] },
        });
        Arc::new(
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .build(&whole)
                .expect("the contract's schemas are valid"),
        )
    });
    Arc::clone(made)
}

fn resolve_ref(declared: &Value) -> Value {
    match declared["$ref"].as_str() {
        Some(pointer) => DOCUMENT
            .pointer(pointer.trim_start_matches('#'))
            .cloned()
            .expect("a reference leads somewhere"),
        None => declared.clone(),
    }
}

fn matches_template(template: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted == found || wanted.starts_with('{') => {}
            _ => return false,
        }
    }
}
