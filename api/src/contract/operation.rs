//! One operation on the page: who may call it, its parameters, its request and its responses.

use serde_norway::Value;

use super::{
    document::{Document, Operation, entries, get, items, text, words},
    html::Html,
    markdown, shape,
};

/// The beginning of a description that names who may call the operation.
const PERMISSION_PREFIX: &str = "**Who:** ";

/// Writes the operation, with its `operationId` as anchor.
pub fn write(html: &mut Html, document: &Document, operation: Operation<'_>) {
    let id = text(operation.body, "operationId");
    html.open("article", &[("id", id), ("class", "operation")])
        .raw("<h3>")
        .link(id, text(operation.body, "summary"))
        .raw("</h3>\n");
    html.raw("<p class=\"line\">")
        .element(
            "span",
            &[("class", &format!("method {}", operation.method))],
            &operation.method.to_uppercase(),
        )
        .raw(" ");
    html.element("code", &[], operation.path)
        .raw(" ")
        .element("span", &[("class", "id")], id)
        .raw("</p>\n");
    let description = text(operation.body, "description");
    let (who, rest) = description
        .strip_prefix(PERMISSION_PREFIX)
        .and_then(|rest| rest.split_once('\n'))
        .unwrap_or(("", description));
    if !who.is_empty() {
        html.raw("<p class=\"who\"><strong>Who:</strong> ");
        markdown::inline(html, who);
        html.raw("</p>\n");
    }
    markdown::write(html, rest);
    parameters(html, document, operation);
    request(html, document, get(operation.body, "requestBody"));
    html.raw("<h4>Answers</h4>\n");
    for (status, response) in entries(get(operation.body, "responses")) {
        answer(html, document, status, document.follow(response));
    }
    html.raw("</article>\n");
}

fn parameters(html: &mut Html, document: &Document, operation: Operation<'_>) {
    let mut any = false;
    for parameter in document.parameters(operation) {
        if !any {
            html.raw("<h4>Parameters</h4>\n<dl>\n");
            any = true;
        }
        let required =
            if get(parameter, "required").as_bool() == Some(true) { ", required" } else { "" };
        html.raw("<dt>").element("code", &[], text(parameter, "name"));
        html.raw(" <span class=\"soft\">").text(text(parameter, "in")).raw(", ");
        shape::kind(html, document.follow(get(parameter, "schema")));
        html.text(required).raw("</span></dt>\n<dd>");
        markdown::inline(html, text(parameter, "description").trim());
        html.raw(" For instance ")
            .element("code", &[], &words(get(parameter, "example")))
            .raw(".</dd>\n");
    }
    html.raw(if any { "</dl>\n" } else { "" });
}

fn request(html: &mut Html, document: &Document, body: &Value) {
    for (media_type, content) in entries(get(body, "content")) {
        html.raw("<h4>Request</h4>\n<p>");
        shape::reference(html, get(content, "schema"));
        html.raw(" as ").element("code", &[], media_type).raw("</p>\n");
        examples(html, document, content);
    }
}

fn answer(html: &mut Html, document: &Document, status: &str, response: &Value) {
    let class = if status.starts_with('2') { "good" } else { "bad" };
    html.raw("<div class=\"answer\"><p>")
        .element("span", &[("class", &format!("status {class}"))], status)
        .raw(" ");
    markdown::inline(html, text(response, "description"));
    html.raw("</p>\n");
    for (media_type, content) in entries(get(response, "content")) {
        if media_type == "application/problem+json" {
            codes(html, document, content);
            continue;
        }
        html.raw("<p>");
        shape::reference(html, get(content, "schema"));
        html.raw(" as ").element("code", &[], media_type).raw("</p>\n");
        examples(html, document, content);
    }
    headers(html, document, response);
    html.raw("</div>\n");
}

/// Writes the headers of a response, except those that every response has: the introduction
/// describes them.
fn headers(html: &mut Html, document: &Document, response: &Value) {
    for (name, header) in entries(get(response, "headers")) {
        if matches!(name, "X-Request-Id" | "Cache-Control") {
            continue;
        }
        let header = document.follow(header);
        html.raw("<p><code>").text(name).raw("</code>: ").text(text(header, "description"));
        html.raw(" For instance ")
            .element("code", &[], &words(get(header, "example")))
            .raw("</p>\n");
    }
}

fn codes(html: &mut Html, document: &Document, content: &Value) {
    html.raw("<ul class=\"codes\">");
    for (code, example) in entries(get(content, "examples")) {
        let value = get(document.follow(example), "value");
        html.raw("<li>").code_link(code, code).raw(" ").text(text(value, "detail"));
        // Problems without extra members look alike, so only the introduction shows one as JSON.
        if ["errors", "lost"].iter().any(|extra| !get(value, extra).is_null()) {
            block(html, "As JSON", value, false);
        }
        html.raw("</li>\n");
    }
    html.raw("</ul>\n");
}

fn examples(html: &mut Html, document: &Document, content: &Value) {
    for (_, example) in entries(get(content, "examples")) {
        let example = document.follow(example);
        block(html, text(example, "summary"), get(example, "value"), true);
    }
}

fn block(html: &mut Html, summary: &str, value: &Value, short_ones_open: bool) {
    let shown = value
        .as_str()
        .map_or_else(|| serde_json::to_string_pretty(value).unwrap_or_default(), str::to_owned);
    let open = short_ones_open && shown.lines().count() <= 8;
    html.raw(if open { "<details open>" } else { "<details>" }).element("summary", &[], summary);
    html.raw("<pre tabindex=\"0\"><code>").text(&shown).raw("</code></pre></details>\n");
}

/// The operations of a tag, in the order of the contract.
pub fn of_tag<'a>(document: &'a Document, tag: &'a str) -> impl Iterator<Item = Operation<'a>> {
    document.operations().filter(move |operation| {
        items(get(operation.body, "tags")).any(|name| name.as_str() == Some(tag))
    })
}
