//! An HTML writer. It escapes all text and attribute values; markup and names are string literals
//! of the program, so no other markup can get in.

use std::fmt::Write;

/// A piece of HTML.
#[derive(Default)]
pub struct Html(String);

impl Html {
    /// Writes markup as it is; only string literals of the program are accepted.
    pub fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Writes text, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(c),
            }
        }
        self
    }

    /// Opens an element.
    pub fn open(&mut self, name: &'static str, attributes: &[(&'static str, &str)]) -> &mut Self {
        self.0.push('<');
        self.0.push_str(name);
        for (attribute, value) in attributes {
            // Writing to a String can't fail.
            let _ = write!(self.0, " {attribute}=\"");
            self.text(value).raw("\"");
        }
        self.raw(">")
    }

    /// Closes an element.
    pub fn close(&mut self, name: &'static str) -> &mut Self {
        self.raw("</").raw(name).raw(">")
    }

    /// Writes an element that contains a text.
    pub fn element(
        &mut self,
        name: &'static str,
        attributes: &[(&'static str, &str)],
        text: &str,
    ) -> &mut Self {
        self.open(name, attributes).text(text).close(name)
    }

    /// Writes a link to an anchor of the page.
    pub fn link(&mut self, anchor: &str, text: &str) -> &mut Self {
        self.element("a", &[("href", &format!("#{anchor}"))], text)
    }

    /// Writes a link whose text is set as code.
    pub fn code_link(&mut self, anchor: &str, text: &str) -> &mut Self {
        self.raw("<code>").link(anchor, text).raw("</code>")
    }

    /// The written HTML.
    pub fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_text_is_escaped() {
        let mut html = Html::default();
        html.element("p", &[("title", "\"><script>")], "<b> & 'c'");
        assert_eq!(
            html.finish(),
            "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt; &amp; &#39;c&#39;</p>"
        );
    }
}
