//! Tests of the contract's links: they reach every operation that needs an id, and name parameters
//! and values that exist.

use std::collections::BTreeSet;

use serde_norway::Value;

use super::{
    document::{Document, Operation, entries, get, items, text},
    yaml,
};

/// A link, with the operation and the response that it belongs to.
struct Link<'d> {
    name: String,
    from: Operation<'d>,
    response: &'d Value,
    link: &'d Value,
}

fn links(document: &Document) -> Vec<Link<'_>> {
    let mut found = Vec::new();
    for operation in document.operations() {
        for (_, response) in entries(get(operation.body, "responses")) {
            let response = document.follow(response);
            let of_response = entries(get(response, "links"));
            found.extend(of_response.map(|(name, link)| {
                let name = format!("{name} of {}", text(operation.body, "operationId"));
                Link { name, from: operation, response, link }
            }));
        }
    }
    found
}

/// The strings in a value, at any depth.
fn expressions(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text.as_str()],
        Value::Sequence(items) => items.iter().flat_map(expressions).collect(),
        Value::Mapping(fields) => fields.values().flat_map(expressions).collect(),
        _ => Vec::new(),
    }
}

/// The value at a JSON pointer (RFC 6901).
fn at<'d>(value: &'d Value, pointer: &str) -> &'d Value {
    pointer.split('/').skip(1).fold(value, |value, part| match part.parse::<usize>() {
        Ok(index) => items(value).nth(index).unwrap_or(&Value::Null),
        Err(_) => get(value, part),
    })
}

#[test]
fn every_operation_with_a_path_parameter_is_linked() {
    let document = Document::parse(yaml());
    let linked: BTreeSet<&str> =
        links(&document).iter().map(|link| text(link.link, "operationId")).collect();
    for operation in document.operations().filter(|operation| operation.path.contains('{')) {
        let id = text(operation.body, "operationId");
        assert!(linked.contains(id), "no link leads to {id}");
    }
}

#[test]
fn links_reference_existing_operations_and_parameters() {
    let document = Document::parse(yaml());
    for Link { name, link, .. } in links(&document) {
        let id = text(link, "operationId");
        let target =
            document.operations().find(|operation| text(operation.body, "operationId") == id);
        let target = target.unwrap_or_else(|| panic!("{name} leads to {id}, which does not exist"));
        let known: BTreeSet<&str> =
            document.parameters(target).map(|parameter| text(parameter, "name")).collect();
        for (parameter, _) in entries(get(link, "parameters")) {
            assert!(known.contains(parameter), "{name} sets {parameter}, which {id} does not take");
        }
    }
}

#[test]
fn link_expressions_resolve_in_response_examples() {
    let document = Document::parse(yaml());
    for Link { name, from, response, link } in links(&document) {
        let shown: Vec<&Value> =
            entries(get(get(get(response, "content"), "application/json"), "examples"))
                .map(|(_, example)| document.follow(example))
                .collect();
        for expression in
            [get(link, "parameters"), get(link, "requestBody")].into_iter().flat_map(expressions)
        {
            if let Some(pointer) = expression.strip_prefix("$response.body#") {
                let is_there =
                    shown.iter().any(|example| !at(get(example, "value"), pointer).is_null());
                assert!(is_there, "{name}: no example of the response has {pointer}");
            } else if let Some(parameter) = expression.strip_prefix("$request.path.") {
                assert!(
                    from.path.contains(&format!("{{{parameter}}}")),
                    "{name}: there is no {parameter} in {}",
                    from.path
                );
            } else {
                panic!("{name}: {expression} is no expression that this test knows");
            }
        }
    }
}
