//! The HTML page of the contract: head, navigation, introduction, operations by tag, schemas.

use super::{
    document::{Document, entries, items, text},
    html::Html,
    markdown, operation, shape,
};

const HEAD: &str = concat!(
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta \
     name=\"color-scheme\" content=\"light dark\">",
    "<link rel=\"icon\" href=\"data:,\"><title>Parlour API</title>\n<style>\n",
    include_str!("page.css"),
    "</style></head>\n<body><a class=\"skip\" href=\"#main\">Skip to the contents</a>\n"
);

/// Renders the whole page.
pub fn render(document: &Document) -> String {
    let mut html = Html::default();
    html.raw(HEAD);
    navigation(&mut html, document);
    html.raw("<main id=\"main\">\n");
    introduction(&mut html, document);
    for tag in items(document.at(&["tags"])) {
        let name = text(tag, "name");
        let id = tag_anchor(name);
        html.open("section", &[("aria-labelledby", &id)])
            .element("h2", &[("id", &id)], name)
            .raw("\n");
        markdown::write(&mut html, text(tag, "description"));
        for operation in operation::of_tag(document, name) {
            operation::write(&mut html, document, operation);
        }
        html.raw("</section>\n");
    }
    shape::write_all(&mut html, document);
    html.raw("</main></body></html>\n");
    html.finish()
}

fn tag_anchor(name: &str) -> String {
    format!("tag-{}", name.to_lowercase().replace(' ', "-"))
}

fn navigation(html: &mut Html, document: &Document) {
    html.raw(
        "<nav aria-label=\"Contents\"><p class=\"name\"><a href=\"#main\">Parlour \
         API</a></p>\n<ul>",
    );
    for heading in text(document.at(&["info"]), "description")
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
    {
        html.raw("<li>").link(&markdown::anchor(heading), heading).raw("</li>\n");
    }
    html.raw("</ul>\n");
    for tag in items(document.at(&["tags"])) {
        let name = text(tag, "name");
        html.raw("<p>").link(&tag_anchor(name), name).raw("</p>\n<ul>");
        for operation in operation::of_tag(document, name) {
            html.raw("<li>")
                .link(text(operation.body, "operationId"), text(operation.body, "summary"))
                .raw("</li>\n");
        }
        html.raw("</ul>\n");
    }
    html.raw("<p><a href=\"#shapes\">Shapes</a></p></nav>\n");
}

fn introduction(html: &mut Html, document: &Document) {
    let info = document.at(&["info"]);
    html.raw("<header><h1>")
        .text(text(info, "title"))
        .raw(" API ")
        .element("small", &[], text(info, "version"))
        .raw("</h1>\n");
    html.element("p", &[("class", "lede")], text(info, "summary")).raw("\n");
    html.raw(
        "<p>The same for programs: <a href=\"v1/openapi.yaml\">openapi.yaml</a> (OpenAPI \
         3.1).</p></header>\n<section class=\"about\">\n",
    );
    // An error code and an operation can have the same name. The anchor then belongs to the
    // operation, because that is what the error asks for.
    let is_operation = |code: &str| {
        document.operations().any(|operation| text(operation.body, "operationId") == code)
    };
    markdown::write_with_anchors(html, text(info, "description"), |code| !is_operation(code));
    html.raw(
        "</section>\n<section aria-labelledby=\"sessions\"><h2 id=\"sessions\">Sessions</h2>\n<dl>",
    );
    for (_, scheme) in entries(document.at(&["components", "securitySchemes"])) {
        html.raw("<dt>Cookie ").element("code", &[], text(scheme, "name")).raw("</dt><dd>");
        markdown::inline(html, text(scheme, "description"));
        html.raw("</dd>\n");
    }
    html.raw("</dl></section>\n");
}
