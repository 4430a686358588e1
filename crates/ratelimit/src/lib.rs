//! Whether a request may go now, later, or never: weighted token buckets on told time.
