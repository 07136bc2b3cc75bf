//! Drivers that speak on standard error.
#![expect(unsafe_code, reason = "sets a variable of the environment")]

/// Turns off Mesa's layer that puts the desktop's adapter first where there is no desktop: it says for each process that
/// `XDG_RUNTIME_DIR` is not set. `main` calls this before it starts any thread; later, this does nothing.
pub fn quiet_drivers() {
    let is_set = |name| std::env::var_os(name).is_some();
    let threads = std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count);
    if threads == 1
        && ![
            "XDG_RUNTIME_DIR",
            "DISPLAY",
            "NODEVICE_SELECT",
            "MESA_VK_DEVICE_SELECT",
        ]
        .into_iter()
        .any(is_set)
    {
        // SAFETY: this is the only thread, so that no other one reads the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}
