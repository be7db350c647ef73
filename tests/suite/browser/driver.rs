//! Driver of Chromium through ChromeDriver, with the actions of a user: open, read, type, press.

use std::time::Duration;

use parlour_browser::Chromium;
use thirtyfour::{WindowHandle, extensions::query::ElementQueryable, prelude::*};

/// Time limit for whatever a test waits for.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Time limit for a script.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(60);

/// A browser with a profile of its own, so that it shares no cookie with another.
pub struct Browser {
    driver: WebDriver,
    /// In CSS pixels.
    pub width: u32,
    // Chromium ends when this is dropped, also in a test that fails.
    chromium: Chromium,
}

impl Browser {
    /// Starts a browser of this width in CSS pixels.
    pub async fn start(width: u32) -> Self {
        Self::start_with(width, &[]).await
    }

    /// Starts a browser with further command-line flags.
    pub async fn start_with(width: u32, flags: &[&str]) -> Self {
        let chromium = Chromium::start_with(width, 900, flags).await.expect("Chromium starts");
        // Scripts in a call wait longer than other scripts.
        chromium
            .driver
            .set_script_timeout(SCRIPT_TIMEOUT)
            .await
            .expect("Chromium takes the time-out");
        let browser = Self { driver: chromium.driver.clone(), width, chromium };
        let actual = browser.run("return innerWidth").await;
        assert_eq!(actual, serde_json::json!(width), "the width of a page");
        browser
    }

    /// Kills Chromium without a clean shutdown, as a power failure would.
    pub fn kill(self) {
        self.chromium.kill().expect("Chromium is running");
    }

    /// Runs a script in each page that is loaded after this call, before the page's own scripts.
    pub async fn run_before_each_page(&self, script: &str) {
        let params = serde_json::json!({ "source": script });
        self.driver
            .cdp()
            .send_raw("Page.addScriptToEvaluateOnNewDocument", params)
            .await
            .expect("Chromium takes the script");
    }

    /// Sets a cookie of the school, as a login does.
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

    pub async fn open(&self, address: &str) {
        self.driver.goto(address).await.expect("the page opens");
    }

    /// Opens an empty tab beside the current one, switches to it, and returns the previous tab.
    pub async fn new_tab(&self) -> WindowHandle {
        let before = self.driver.window().await.expect("a tab");
        let tab = self.driver.new_tab().await.expect("a new tab");
        self.to_tab(&tab).await;
        before
    }

    /// Switches to a tab and returns the previous one.
    pub async fn to_tab(&self, tab: &WindowHandle) -> WindowHandle {
        let before = self.driver.window().await.expect("a tab");
        self.driver.switch_to_window(tab.clone()).await.expect("the tab is there");
        before
    }

    /// Emulates a colour scheme preference: `light` or `dark`.
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

    /// Reloads the page.
    pub async fn reload(&self) {
        self.driver.refresh().await.expect("the page opens again");
    }

    /// Saves a screenshot to a file.
    pub async fn screenshot(&self, file: &str) {
        self.driver.screenshot(std::path::Path::new(file)).await.expect("the picture is kept");
    }

    /// Waits for a heading of the page or of an open dialog.
    pub async fn heading(&self, text: &str) {
        self.find(&format!("//*[self::h1 or self::h2][normalize-space(.)={}]", quoted(text))).await;
    }

    /// Waits until a text is visible.
    pub async fn sees(&self, text: &str) {
        self.find(&format!("//body//*[contains(normalize-space(.), {})]", quoted(text))).await;
    }

    /// All text that is visible now.
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

    /// Presses the first button whose name contains a text, or opens the first section whose title
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
            .expect("the element takes the key");
    }

    /// Presses a button in the list entry that contains a text.
    pub async fn press_of(&self, entry: &str, name: &str) {
        let path = format!(
            "//*[self::li or self::article][contains(., {})]//button[normalize-space(.)={}]",
            quoted(entry),
            quoted(name)
        );
        self.find(&path).await.click().await.expect("it can be pressed");
    }

    /// Replaces the text of the field with this label.
    pub async fn fill(&self, label: &str, text: &str) {
        let field = self.labelled(label).await;
        field.clear().await.expect("it can be emptied");
        field.send_keys(text).await.expect("it takes text");
    }

    /// Appends a text to the field with this label.
    pub async fn write(&self, label: &str, text: &str) {
        self.labelled(label).await.send_keys(text).await.expect("it takes text");
    }

    /// The value of the field with this label.
    pub async fn value(&self, label: &str) -> String {
        self.labelled(label)
            .await
            .prop("value")
            .await
            .expect("Chromium answers")
            .unwrap_or_default()
    }

    /// Chooses an option of the list with this label.
    pub async fn choose(&self, label: &str, choice: &str) {
        let list = self.labelled(label).await;
        list.find(By::XPath(format!("./option[normalize-space(.)={}]", quoted(choice))))
            .await
            .expect("the choice is there")
            .click()
            .await
            .expect("it can be chosen");
    }

    /// Ticks the checkbox with this label.
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

    /// Finds the first visible element of an XPath.
    async fn find(&self, path: &str) -> WebElement {
        let mut last = None;
        // An element may be replaced between being found and being examined; look again then.
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

    /// Waits for an element with this `aria-label`.
    pub async fn labelled_element(&self, label: &str) {
        self.find(&format!("//*[@aria-label={}]", quoted(label))).await;
    }

    /// Waits until no element has this `aria-label`.
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

    /// Waits until a JavaScript expression is true in the page.
    pub async fn wait_for_js(&self, expression: &str) {
        let script = format!(
            "const done = arguments[arguments.length - 1]; const look = () => ({expression}) ? \
             done(true) : setTimeout(look, 50); look();"
        );
        self.run_async(&script).await;
    }

    /// Runs a script in the page and returns its result.
    pub async fn run(&self, script: &str) -> serde_json::Value {
        self.driver.execute(script, Vec::new()).await.expect("the script runs").json().clone()
    }

    /// Runs a script that returns its result through its last argument, a callback.
    pub async fn run_async(&self, script: &str) -> serde_json::Value {
        self.driver
            .execute_async(script, Vec::new())
            .await
            .expect("the script answers")
            .json()
            .clone()
    }

    /// Runs such a script with further arguments, which come before the callback.
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

    pub async fn close(self) {
        self.chromium.close().await.expect("Chromium ends");
    }
}

/// Quotes a text for XPath. A text with both kinds of quotes is not supported.
fn quoted(text: &str) -> String {
    if text.contains('\'') { format!("\"{text}\"") } else { format!("'{text}'") }
}
