//! What a page of rustdoc declares: the item itself, its methods, the traits it implements.

/// The declarations on a page; `None` if it only leads to another page.
pub(super) fn lines(page: &str) -> Option<Vec<String>> {
    let declaration = between(page, "<pre class=\"rust item-decl\"><code>", "</code></pre>")?;
    let mut lines: Vec<String> = text(&without_summaries(declaration)).lines().map(tidied).collect();
    lines.retain(|line| !line.is_empty());
    let own = section(page, "implementations-list");
    for header in headers(own) {
        // The header of an `impl` holds methods, which are told apart by standing further in.
        let inward = if header.starts_with("impl") { "" } else { "    " };
        lines.push(format!("{inward}{header}"));
    }
    lines.extend(implemented(page));
    Some(lines)
}

/// The traits that the item implements: those it has without a condition in one line, which nearly all
/// items would fill a screen with otherwise.
fn implemented(page: &str) -> Vec<String> {
    let sections = ["trait-implementations-list", "synthetic-implementations-list"];
    let all = sections.into_iter().flat_map(|list| headers(section(page, list)));
    let mut plain = Vec::new();
    let mut others = Vec::new();
    for header in all.filter(|header| is_worth_listing(header)) {
        match plain_trait(&header) {
            Some(name) => plain.push(name.to_owned()),
            None => others.push(header),
        }
    }
    plain.sort();
    others.sort();
    if !plain.is_empty() {
        others.insert(0, format!("is {}", plain.join(", ")));
    }
    others
}

/// The trait in `impl Clone for Frame`.
fn plain_trait(header: &str) -> Option<&str> {
    let (name, item) = header.strip_prefix("impl ")?.split_once(" for ")?;
    let is_plain = |text: &str| text.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
    (is_plain(name) && is_plain(item)).then_some(name)
}

/// The part of the page with this name, up to the next one of its kind.
fn section<'a>(page: &'a str, name: &str) -> &'a str {
    let start = format!("<div id=\"{name}\">");
    let rest = page.split_once(&start).map_or("", |(_, rest)| rest);
    rest.split_once("<h2 id=\"").map_or(rest, |(part, _)| part)
}

/// The text of every header of code: of an `impl`, a method, a constant.
fn headers(section: &str) -> impl Iterator<Item = String> {
    let pieces = section.split(" class=\"code-header\">").skip(1);
    pieces.filter_map(|piece| {
        let end = [piece.find("</h3>"), piece.find("</h4>")].into_iter().flatten().min()?;
        Some(tidied(&text(piece.get(..end)?).replace('\n', " ")))
    })
}

/// Only `impl`s, without the traits that hardly anybody can name or asks for, and without methods, which
/// are the trait's.
fn is_worth_listing(header: &str) -> bool {
    let noise = ["StructuralPartialEq for", "Freeze for", "UnsafeUnpin for", "UnwindSafe for"];
    header.starts_with("impl") && !noise.iter().any(|name| header.contains(name))
}

/// `Show 13 variants` is a button.
fn without_summaries(html: &str) -> String {
    let mut parts = html.split("<summary");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    rest.extend(parts.filter_map(|part| part.split_once("</summary>")).map(|(_, after)| after));
    rest
}

/// What a reader sees of it.
fn text(html: &str) -> String {
    let mut text = String::new();
    // What is laid out by blocks has no space or line's end of its own.
    let html = html.replace("<div class=\"where\">", " ").replace("]</div>", "]\n");
    for piece in html.split('<') {
        let visible = piece.split_once('>').map_or(piece, |(_, visible)| visible);
        text.push_str(visible);
    }
    let entities = [
        ("&lt;", "<"),
        ("&#60;", "<"),
        ("&gt;", ">"),
        ("&#62;", ">"),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&nbsp;", " "),
        ("&#160;", " "),
        ("\u{a0}", " "),
        ("&amp;", "&"),
    ];
    entities.into_iter().fold(text, |text, (entity, letter)| text.replace(entity, letter))
}

/// Without spaces at the end, and with single ones inside.
fn tidied(line: &str) -> String {
    let inward = line.len() - line.trim_start().len();
    let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { words } else { format!("{}{words}", " ".repeat(inward)) }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(part, _)| part)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<h1>Struct</h1><pre class="rust item-decl"><code>pub struct Lane&lt;T&gt; {
    pub bytes: <a class="primitive" href="x">usize</a>,
    <span class="comment">/* private fields */</span>
}</code></pre><details>docs</details>
<h2 id="implementations" class="section-header">Implementations</h2>
<div id="implementations-list"><details><summary><section id="impl-Lane%3CT%3E"><a href="#">§</a>
<h3 class="code-header">impl&lt;T&gt; <a href="l">Lane</a>&lt;T&gt;</h3></section></summary>
<h4 class="code-header">pub fn <a href="#m">len</a>(&amp;self) -&gt; <a>usize</a></h4></div></details></div>
<h2 id="trait-implementations">Trait Implementations</h2><div id="trait-implementations-list">
<h3 class="code-header">impl&lt;T: <a>Clone</a>&gt; <a>Clone</a> for <a>Lane</a>&lt;T&gt;</h3>
<h4 class="code-header">fn clone(&amp;self) -&gt; Self</h4>
<h3 class="code-header">impl <a>Drop</a> for <a>Lane</a></h3><h3 class="code-header">impl <a>Debug</a> for Lane</h3>
<h3 class="code-header">impl&lt;T&gt; <a>StructuralPartialEq</a> for <a>Lane</a>&lt;T&gt;</h3></div>
<h2 id="synthetic-implementations">Auto</h2><div id="synthetic-implementations-list">
<h3 class="code-header">impl&lt;T&gt; <a>Send</a> for <a>Lane</a>&lt;T&gt;<div class="where">where
    T: <a>Send</a>,</div></h3></div>
<h2 id="blanket-implementations">Blanket</h2><div id="blanket-implementations-list">
<h3 class="code-header">impl&lt;T&gt; <a>Any</a> for T</h3></div>"##;

    #[test]
    fn a_page_is_read_down_to_what_it_declares() {
        let expected = [
            "pub struct Lane<T> {",
            "    pub bytes: usize,",
            "    /* private fields */",
            "}",
            "impl<T> Lane<T>",
            "    pub fn len(&self) -> usize",
            "is Debug, Drop",
            "impl<T: Clone> Clone for Lane<T>",
            "impl<T> Send for Lane<T> where T: Send,",
        ];
        assert_eq!(lines(PAGE).as_deref(), Some(expected.map(str::to_owned).as_slice()));
    }

    #[test]
    fn a_page_that_leads_elsewhere_declares_nothing() {
        assert_eq!(lines("<p>Redirecting to <a href=\"../x.html\">x</a></p>"), None);
    }

    #[test]
    fn variants_behind_a_button_are_listed_without_the_button() {
        let page = "<pre class=\"rust item-decl\"><code><div class=\"code-attribute\">#[non_exhaustive]</div>pub enum E {\
            <details><summary class=\"hideme\"><span>Show 2 variants</span></summary>    A,\n    B,\n\
            </details>}</code></pre>";
        assert_eq!(
            lines(page),
            Some(["#[non_exhaustive]", "pub enum E { A,", "    B,", "}"].map(str::to_owned).to_vec())
        );
    }
}
