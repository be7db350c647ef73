//! The JSON schemas on the page: a table of fields for each, and types in words.

use serde_norway::Value;

use super::{
    document::{Document, entries, get, items, text, words},
    html::Html,
    markdown,
};

/// The anchor of a schema.
fn anchor(name: &str) -> String {
    format!("shape-{name}")
}

/// Writes all schemas.
pub fn write_all(html: &mut Html, document: &Document) {
    html.raw("<section aria-labelledby=\"shapes\"><h2 id=\"shapes\">Shapes</h2>\n");
    for (name, schema) in entries(document.at(&["components", "schemas"])) {
        let id = anchor(name);
        html.open("article", &[("id", &id), ("class", "shape")])
            .raw("<h3>")
            .link(&id, name)
            .raw("</h3>\n");
        markdown::write(html, text(schema, "description"));
        write(html, document, schema);
        html.raw("</article>\n");
    }
    html.raw("</section>\n");
}

fn write(html: &mut Html, document: &Document, schema: &Value) {
    let alternatives: Vec<_> =
        items(get(schema, "oneOf")).filter(|one| !text(one, "$ref").is_empty()).collect();
    if !alternatives.is_empty() {
        html.raw("<p>One of ");
        list(html, &alternatives);
        html.raw("</p>\n");
    }
    let parts: Vec<_> = std::iter::once(schema)
        .chain(items(get(schema, "allOf")))
        .map(|part| document.follow(part))
        .collect();
    if parts.iter().all(|part| get(part, "properties").is_null()) {
        if alternatives.is_empty() {
            html.raw("<p>");
            kind(html, schema);
            html.raw("</p>\n");
        }
        return;
    }
    html.raw(
        "<div class=\"wide\"><table><tr><th scope=\"col\">field</th><th \
         scope=\"col\">type</th><th scope=\"col\">what it is</th></tr>\n",
    );
    for part in parts {
        for (name, property) in entries(get(part, "properties")) {
            let required = items(get(part, "required")).any(|field| field.as_str() == Some(name));
            field(html, document, name, property, required);
        }
    }
    html.raw("</table></div>\n");
}

fn field(html: &mut Html, document: &Document, name: &str, property: &Value, required: bool) {
    html.raw("<tr><td>")
        .element("code", &[], name)
        .raw(if required { "" } else { " <span class=\"soft\">optional</span>" })
        .raw("</td><td>");
    kind(html, property);
    html.raw("</td><td>");
    let own = text(property, "description");
    markdown::write(
        html,
        if own.is_empty() { text(document.follow(property), "description") } else { own },
    );
    html.raw("</td></tr>\n");
}

/// Writes the name of the schema as a link, or its type.
pub fn reference(html: &mut Html, schema: &Value) {
    match text(schema, "$ref").rsplit_once('/') {
        Some((_, name)) => html.code_link(&anchor(name), name),
        None => html.text(text(schema, "type")),
    };
}

/// Writes the type of a field in words: a schema, a list, or a simple type with its limits.
pub fn kind(html: &mut Html, schema: &Value) {
    if !text(schema, "$ref").is_empty() {
        reference(html, schema);
        return;
    }
    if text(schema, "type") == "array" {
        html.raw("list of ");
        kind(html, get(schema, "items"));
    } else {
        let format = text(schema, "format");
        html.text(if format.is_empty() { text(schema, "type") } else { format });
    }
    html.text(&limits(schema));
    let values: Vec<_> = items(get(schema, "enum"))
        .chain(Some(get(schema, "const")).filter(|value| !value.is_null()))
        .collect();
    for (i, value) in values.into_iter().enumerate() {
        html.raw(if i == 0 { ": " } else { ", " }).element("code", &[], &words(value));
    }
}

fn limits(schema: &Value) -> String {
    let number = |key: &str| get(schema, key).as_i64();
    let range = |least: &str, most: &str, unit: &str| match (number(least), number(most)) {
        (Some(least), Some(most)) => format!(", {least} to {most}{unit}"),
        (Some(least), None) => format!(", at least {least}{unit}"),
        (None, Some(most)) => format!(", up to {most}{unit}"),
        (None, None) => String::new(),
    };
    let default = get(schema, "default");
    let default =
        if default.is_null() { String::new() } else { format!(", {} by default", words(default)) };
    [
        range("minimum", "maximum", ""),
        range("minLength", "maxLength", " characters"),
        range("minItems", "maxItems", ""),
        default,
    ]
    .concat()
}

fn list(html: &mut Html, schemas: &[&Value]) {
    for (i, schema) in schemas.iter().enumerate() {
        html.raw(if i == 0 { "" } else { " and " });
        reference(html, schema);
    }
}
