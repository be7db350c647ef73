//! The subset of Markdown (CommonMark 0.31, and tables) that the contract uses: headings,
//! paragraphs, lists, tables, code blocks, `code` and **bold**.

use super::html::Html;

/// The kind of block that a line belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Nothing,
    Paragraph,
    Bullets,
    Numbers,
    Table,
    Code,
}

impl Block {
    const fn element(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Paragraph => Some("p"),
            Self::Bullets => Some("ul"),
            Self::Numbers => Some("ol"),
            Self::Table => Some("table"),
            Self::Code => Some("pre"),
        }
    }

    /// The kind of block of a line, and the line's content.
    fn of(line: &str) -> (Self, &str) {
        let number = line
            .split_once(". ")
            .filter(|(number, _)| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()));
        match (line.strip_prefix("- "), number, line.starts_with('|')) {
            (Some(item), ..) => (Self::Bullets, item),
            (_, Some((_, item)), _) => (Self::Numbers, item),
            (.., true) => (Self::Table, line),
            _ if line.is_empty() => (Self::Nothing, line),
            _ => (Self::Paragraph, line),
        }
    }
}

/// Renders `markdown`.
pub fn write(html: &mut Html, markdown: &str) {
    write_with_anchors(html, markdown, |_| false);
}

/// Renders `markdown`. A table row whose first cell is a code gets the code as its anchor if
/// `wanted` accepts it.
pub fn write_with_anchors(html: &mut Html, markdown: &str, wanted: impl Fn(&str) -> bool) {
    let mut current = Block::Nothing;
    for line in markdown.lines() {
        if line.starts_with("```") {
            let next = if current == Block::Code { Block::Nothing } else { Block::Code };
            switch(html, &mut current, next);
            continue;
        }
        if current == Block::Code {
            html.text(line).raw("\n");
            continue;
        }
        let line = line.trim();
        if let Some(heading) = line.strip_prefix("## ") {
            switch(html, &mut current, Block::Nothing);
            html.element("h2", &[("id", &anchor(heading))], heading);
            continue;
        }
        let (block, content) = Block::of(line);
        let goes_on = block == current;
        switch(html, &mut current, block);
        match block {
            Block::Nothing | Block::Code => {}
            Block::Paragraph => {
                html.raw(if goes_on { "\n" } else { "" });
                inline(html, content);
            }
            Block::Bullets | Block::Numbers => {
                html.raw("<li>");
                inline(html, content);
                html.raw("</li>");
            }
            Block::Table => row(html, content, !goes_on, &wanted),
        }
    }
    switch(html, &mut current, Block::Nothing);
}

/// The anchor of a heading.
pub fn anchor(heading: &str) -> String {
    format!("about-{}", heading.to_lowercase().replace(' ', "-"))
}

fn switch(html: &mut Html, current: &mut Block, next: Block) {
    if *current == next {
        return;
    }
    if let Some(element) = current.element() {
        html.close(element).raw("\n");
    }
    if let Some(element) = next.element() {
        // Code blocks may scroll, so they are made reachable by keyboard (WCAG 2.1.1).
        let attributes: &[(&'static str, &str)] =
            if next == Block::Code { &[("tabindex", "0")] } else { &[] };
        html.open(element, attributes);
    }
    *current = next;
}

fn row(html: &mut Html, line: &str, head: bool, wanted: impl Fn(&str) -> bool) {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    if cells.iter().all(|cell| cell.starts_with("--")) {
        return;
    }
    let code = cells.first().and_then(|cell| cell.strip_prefix('`')?.strip_suffix('`'));
    html.open("tr", code.filter(|code| wanted(code)).map(|code| ("id", code)).as_slice());
    for cell in cells {
        html.raw(if head { "<th scope=\"col\">" } else { "<td>" });
        inline(html, cell);
        html.close(if head { "th" } else { "td" });
    }
    html.raw("</tr>\n");
}

/// Renders a text that may contain `code` and **bold**.
pub fn inline(html: &mut Html, text: &str) {
    for (i, part) in text.split('`').enumerate() {
        if i % 2 == 1 {
            html.element("code", &[], part);
            continue;
        }
        for (j, part) in part.split("**").enumerate() {
            if j % 2 == 1 {
                html.element("strong", &[], part);
            } else {
                html.text(part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_each_markdown_block() {
        let check = |markdown: &str, expected: &str| {
            let mut html = Html::default();
            write_with_anchors(&mut html, markdown, |code| code != "b");
            assert_eq!(html.finish().replace('\n', ""), expected, "{markdown}");
        };
        check("one\n\ntwo", "<p>one</p><p>two</p>");
        check("## Two words", "<h2 id=\"about-two-words\">Two words</h2>");
        check("- a\n- `b`", "<ul><li>a</li><li><code>b</code></li></ul>");
        check("1. a\n2. **b**", "<ol><li>a</li><li><strong>b</strong></li></ol>");
        check("```json\n{ <\n```\na", "<pre tabindex=\"0\">{ &lt;</pre><p>a</p>");
        check("text\n- a", "<p>text</p><ul><li>a</li></ul>");
        check(
            "| x | y |\n| --- | --- |\n| `a` | <b> |\n| `b` | c |",
            "<table><tr><th scope=\"col\">x</th><th scope=\"col\">y</th></tr><tr \
             id=\"a\"><td><code>a</code></td><td>&lt;b&gt;</td></tr><tr><td><code>b</code></\
             td><td>c</td></tr></table>",
        );
    }
}
