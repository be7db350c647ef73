//! The text that a playground prints when it starts.

use crate::{
    app::App,
    config::Mode,
    demo::{self, Credentials, credentials},
    mail,
};

/// Prints the address of a playground, its one-click logins and its mailbox; in a sandbox also the
/// API credentials.
#[expect(clippy::print_stdout, reason = "this is the output of a command")]
pub(super) fn print(app: &App) {
    let base = mail::school_base(&app.config, demo::SCHOOL, None);
    println!("\n  Parlour is at        {base}\n");
    println!("  Log in with one click, as");
    for (who, name) in [
        ("parent", "Rachel Aaron"),
        ("guest", "Jordan Aaron"),
        ("teacher", "Mrs Anita Abell"),
        ("staff", "Mrs Helen Okafor"),
    ] {
        println!("    {who:<8} {name:<18} {base}dev/login/{who}");
    }
    println!("  Read the mail at     {base}dev/mailbox\n");
    if app.config.mode == Mode::Sandbox {
        let Credentials { id, secret } = credentials(&app.keys);
        println!("  Connect a program by docs/integrate.md, with\n");
        println!(
            "    export PARLOUR={base}api/v1\n    export CLIENT_ID={id}\n    export \
             CLIENT_SECRET={secret}\n"
        );
        println!("  Go to the evening        curl --json '{{}}' {base}api/v1/dev/clock");
        println!("  Begin anew               curl --request POST {base}api/v1/dev/reset\n");
    }
}
