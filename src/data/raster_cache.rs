//! Pictures that have been decoded and resized once: most data sets are small enough to keep them for the next epoch.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::picture::Raster;

/// Most memory that the pictures of one side may take.
const LIMIT: usize = 256 << 20;

/// The resized pictures of one side, as many as fit; what does not fit is prepared again each time.
#[derive(Debug)]
pub(super) struct RasterCache {
    slots: Vec<OnceLock<Arc<Raster>>>,
    /// Bytes that are left.
    room: AtomicUsize,
}

impl RasterCache {
    /// Room for the pictures 0..`count`.
    pub(super) fn new(count: usize) -> Self {
        Self::with_limit(count, LIMIT)
    }

    fn with_limit(count: usize, limit: usize) -> Self {
        Self {
            slots: (0..count).map(|_| OnceLock::new()).collect(),
            room: AtomicUsize::new(limit),
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<Arc<Raster>> {
        self.slots[index].get().map(Arc::clone)
    }

    /// Keeps a picture if there is room, and gives it back either way.
    pub(super) fn keep(&self, index: usize, raster: Raster) -> Arc<Raster> {
        let raster = Arc::new(raster);
        let size = raster.bytes.len();
        let take = |room: usize| room.checked_sub(size);
        let taken = self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_ok() && self.slots[index].set(Arc::clone(&raster)).is_err() {
            // Another worker was faster with the same picture.
            self.room.fetch_add(size, Ordering::Relaxed);
        }
        raster
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::RasterKind;

    #[test]
    fn pictures_are_kept_while_there_is_room() {
        let raster = |level| Raster {
            kind: RasterKind::Colours,
            width: 2,
            height: 2,
            channels: 1,
            bytes: vec![level; 4],
        };
        let cache = RasterCache::with_limit(3, 10);
        for index in 0..3 {
            assert!(cache.get(index).is_none());
            let kept = cache.keep(index, raster(index as u8));
            assert_eq!(kept.bytes, [index as u8; 4]);
        }
        assert_eq!(cache.get(1).unwrap().bytes, [1; 4]);
        assert!(cache.get(2).is_none());
        // Kept once already: takes no more room.
        cache.keep(0, raster(0));
        assert_eq!(cache.room.into_inner(), 2);
    }
}
