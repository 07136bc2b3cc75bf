//! How much memory there is.

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

/// Bytes of memory that a program can take now: what the system has left, or the control group (the container, the job).
/// Nothing where the system does not tell.
pub(super) fn available() -> Option<u64> {
    let memory = MemoryRefreshKind::nothing().with_ram();
    let system = System::new_with_specifics(RefreshKind::nothing().with_memory(memory));
    let group = system.cgroup_limits().map(|limits| limits.free_memory);
    let left = Some(system.available_memory()).filter(|&bytes| bytes > 0)?;
    Some(group.map_or(left, |group| group.min(left)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_memory() {
        assert!(available().is_none_or(|bytes| bytes > 1 << 20));
    }
}
