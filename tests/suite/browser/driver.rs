//! Chromium through ChromeDriver, started for one test; what a person does: open, read, type,
//! press.

use std::time::Duration;

use parlour_browser::Chromium;
use thirtyfour::{WindowHandle, extensions::query::ElementQueryable, prelude::*};

/// How long to wait for what must come.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How long a script may take to answer.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(60);

/// A browser of its own: no cookie of another is in it.
pub struct Browser {
    driver: WebDriver,
    /// In CSS pixels.
    pub width: u32,
    // Ends with its owner, in a test that fails, too.
    chromium: Chromium,
}

impl Browser {
    /// Starts one of this width in CSS pixels.
    pub async fn start(width: u32) -> Self {
        Self::start_with(width, &[]).await
    }

    /// Starts one with more flags.
    pub async fn start_with(width: u32, flags: &[&str]) -> Self {
        let chromium = Chromium::start_with(width, 900, flags).await.expect("Chromium starts");
        // What a script waits for in a call takes longer than what it waits for elsewhere.
        chromium
            .driver
            .set_script_timeout(SCRIPT_TIMEOUT)
            .await
            .expect("Chromium takes the time-out");
        Self { driver: chromium.driver.clone(), width, chromium }
    }

    /// Ends it as a machine does that loses its power: it has no time to say goodbye.
    pub fn kill(self) {
        self.chromium.kill().expect("Chromium was there");
    }

    /// Runs a script in each page from here on, before anything of the page.
    pub async fn run_before_each_page(&self, script: &str) {
        let params = serde_json::json!({ "source": script });
        self.driver
            .cdp()
            .send_raw("Page.addScriptToEvaluateOnNewDocument", params)
            .await
            .expect("Chromium takes the script");
    }

    /// Holds a cookie of the school, as after a login.
    pub async fn set_cookie(&self, origin: &str, name: &str, value: &str) {
        let cookie = serde_json::json!({
            "url": format!("{origin}/s/hillcrest/"),
            "name": name,
            "value": value,
            "path": "/s/hillcrest/",
            "httpOnly": true,
        });
        self.driver
            .cdp()
            .send_raw("Network.setCookie", cookie)
            .await
            .expect("Chromium takes the cookie");
    }

    /// Opens an address.
    pub async fn open(&self, address: &str) {
        self.driver.goto(address).await.expect("the page opens");
    }

    /// Opens an empty tab beside the present one and goes there; gives back the one before.
    pub async fn new_tab(&self) -> WindowHandle {
        let before = self.driver.window().await.expect("a tab");
        let tab = self.driver.new_tab().await.expect("a new tab");
        self.to_tab(&tab).await;
        before
    }

    /// Goes to a tab; gives back the one before.
    pub async fn to_tab(&self, tab: &WindowHandle) -> WindowHandle {
        let before = self.driver.window().await.expect("a tab");
        self.driver.switch_to_window(tab.clone()).await.expect("the tab is there");
        before
    }

    /// Shows the pages as a reader with this preference sees them: `light` or `dark`.
    pub async fn set_color_scheme(&self, scheme: &str) {
        let params = serde_json::json!({
            "features": [{ "name": "prefers-color-scheme", "value": scheme }]
        });
        self.driver
            .cdp()
            .send_raw("Emulation.setEmulatedMedia", params)
            .await
            .expect("Chromium takes the preference");
    }

    /// Reads the page again.
    pub async fn reload(&self) {
        self.driver.refresh().await.expect("the page opens again");
    }

    /// Keeps a picture of what is to be seen.
    pub async fn screenshot(&self, file: &str) {
        self.driver.screenshot(std::path::Path::new(file)).await.expect("the picture is kept");
    }

    /// Waits for a heading of the page or of an open dialog.
    pub async fn heading(&self, text: &str) {
        self.find(&format!("//*[self::h1 or self::h2][normalize-space(.)={}]", quoted(text))).await;
    }

    /// Waits until a text is to be seen.
    pub async fn sees(&self, text: &str) {
        self.find(&format!("//body//*[contains(normalize-space(.), {})]", quoted(text))).await;
    }

    /// All that is to be read now.
    pub async fn text(&self) -> String {
        self.find("//body").await.text().await.expect("the page has text")
    }

    /// Presses the button or follows the link with this name.
    pub async fn press(&self, name: &str) {
        let name = quoted(name);
        let open = "ancestor::dialog[@open] or not(//dialog[@open])";
        let path = format!(
            "//*[self::button or self::a or self::summary][normalize-space(.)={name} or \
             @aria-label={name}][{open}]"
        );
        self.find(&path).await.click().await.expect("it can be pressed");
    }

    /// Waits for the button or link with this name.
    pub async fn has_button(&self, name: &str) {
        self.find(&format!("//*[self::button or self::a][normalize-space(.)={}]", quoted(name)))
            .await;
    }

    /// Presses the first button whose name holds a text, or unfolds the first section whose title
    /// does.
    pub async fn press_first(&self, text: &str) {
        let text = quoted(text);
        let path = format!(
            "(//*[self::button or self::a or self::summary][contains(normalize-space(.), {text}) \
             or contains(@aria-label, {text})])"
        );
        self.find(&path).await.click().await.expect("it can be pressed");
    }

    /// Presses a key, like `Key::Escape`.
    pub async fn key(&self, key: Key) {
        self.driver
            .active_element()
            .await
            .expect("something has the focus")
            .send_keys(key + "")
            .await
            .expect("it takes the key");
    }

    /// Presses a button of the entry of a list that holds a text.
    pub async fn press_of(&self, entry: &str, name: &str) {
        let path = format!(
            "//*[self::li or self::article][contains(., {})]//button[normalize-space(.)={}]",
            quoted(entry),
            quoted(name)
        );
        self.find(&path).await.click().await.expect("it can be pressed");
    }

    /// Types into the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.labelled(label).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it takes text");
    }

    /// Types on in the field with this label.
    pub async fn write(&self, label: &str, text: &str) {
        self.labelled(label).await.send_keys(text).await.expect("it takes text");
    }

    /// What is in the field with this label.
    pub async fn value(&self, label: &str) -> String {
        self.labelled(label)
            .await
            .prop("value")
            .await
            .expect("Chromium answers")
            .unwrap_or_default()
    }

    /// Chooses from the list with this label.
    pub async fn choose(&self, label: &str, choice: &str) {
        let list = self.labelled(label).await;
        list.find(By::XPath(format!("./option[normalize-space(.)={}]", quoted(choice))))
            .await
            .expect("the choice is there")
            .click()
            .await
            .expect("it can be chosen");
    }

    /// Ticks the box with this label.
    pub async fn tick(&self, label: &str) {
        self.labelled(label).await.click().await.expect("it can be ticked");
    }

    async fn labelled(&self, label: &str) -> WebElement {
        let label = quoted(label);
        let field = "*[self::input or self::textarea or self::select]";
        self.find(&format!(
            "//label[contains(normalize-space(.), {label})]//{field} | \
             //{field}[@id=//label[contains(normalize-space(.), {label})]/@for]"
        ))
        .await
    }

    /// The first that this XPath finds and that is to be seen.
    async fn find(&self, path: &str) -> WebElement {
        let mut last = None;
        // An element may be replaced between being found and being looked at: then look again.
        for _ in 0..5 {
            match self
                .driver
                .query(By::XPath(path))
                .wait(TIMEOUT, Duration::from_millis(100))
                .and_displayed()
                .first()
                .await
            {
                Ok(element) => return element,
                Err(error) if error.to_string().contains("stale") => last = Some(error),
                Err(error) => {
                    last = Some(error);
                    break;
                }
            }
        }
        let page = self.driver.find(By::Tag("body")).await.expect("a page");
        panic!(
            "not found: {path}\n{last:?}\non the page:\n{}",
            page.text().await.unwrap_or_default()
        );
    }

    /// Waits for a part of the page with this label.
    pub async fn labelled_element(&self, label: &str) {
        self.find(&format!("//*[@aria-label={}]", quoted(label))).await;
    }

    /// Waits until there is no part of the page with this label.
    pub async fn no_labelled_element(&self, label: &str) {
        let path = format!("//*[@aria-label={}]", quoted(label));
        let gone = self
            .driver
            .query(By::XPath(&path))
            .wait(TIMEOUT, Duration::from_millis(100))
            .not_exists()
            .await
            .expect("Chromium answers");
        assert!(gone, "{label} is still there");
    }

    /// Waits until an expression in the page is true.
    pub async fn wait_for_js(&self, expression: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const look = () => ({expression}) ? \
             done(true) : setTimeout(look, 50); look();"
        );
        self.run_async(&script).await;
    }

    /// Runs a script in the page and gives back what it returns.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.driver.execute(script, Vec::new()).await.expect("the script runs").json().clone()
    }

    /// Runs a script that answers through its last argument.
    pub async fn run_async(&self, script: &str) -> serde_json::Value {
        self.driver
            .execute_async(script, Vec::new())
            .await
            .expect("the script answers")
            .json()
            .clone()
    }

    /// The same, with arguments before that one.
    pub async fn run_async_with(
        &self,
        script: &str,
        arguments: Vec<serde_json::Value>,
    ) -> serde_json::Value {
        self.driver
            .execute_async(script, arguments)
            .await
            .expect("the script answers")
            .json()
            .clone()
    }

    /// Closes it.
    pub async fn close(self) {
        self.chromium.close().await.expect("Chromium ends");
    }
}

/// A text as XPath writes it; one with both kinds of quotes is not needed.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}
