//! How often this process asks the system to move bytes or to wait.
//!
//! A program's own symbols come before those of the C library, so these functions are what every
//! contender calls, whichever way its runtime reads and writes. Nothing has to be wrapped around a stream,
//! which would change what is measured, and no tracer is needed, which would slow it down.

use std::sync::atomic::{AtomicU64, Ordering};

use libc::{c_int, c_long, c_void, epoll_event, iovec, msghdr, size_t, ssize_t};

/// Calls so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Calls {
    pub(crate) reads: u64,
    pub(crate) writes: u64,
    pub(crate) waits: u64,
}

static READS: AtomicU64 = AtomicU64::new(0);
static WRITES: AtomicU64 = AtomicU64::new(0);
static WAITS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn calls() -> Calls {
    Calls {
        reads: READS.load(Ordering::Relaxed),
        writes: WRITES.load(Ordering::Relaxed),
        waits: WAITS.load(Ordering::Relaxed),
    }
}

/// Defines functions of the C library that count, then ask the kernel for the same.
macro_rules! counted {
    ($($counter:ident: $call:ident = fn $name:ident($($arg:ident: $kind:ty),*) -> $out:ty;)*) => {$(
        #[allow(unsafe_code, reason = "it takes the place of a function of the C library")]
        // SAFETY: the name is that of the C library, and so are the arguments and the result; what it does
        // is the same system call.
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name($($arg: $kind),*) -> $out {
            $counter.fetch_add(1, Ordering::Relaxed);
            // SAFETY: the caller's promises are passed on to the kernel. `syscall` sets `errno` and answers
            // -1 as the function of the C library would.
            unsafe { libc::syscall(libc::$call, $($arg),*) as $out }
        }
    )*};
}

const NOWHERE: *const c_void = std::ptr::null();

counted! {
    READS: SYS_read = fn read(fd: c_int, at: *mut c_void, length: size_t) -> ssize_t;
    READS: SYS_readv = fn readv(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t;
    READS: SYS_recvmsg = fn recvmsg(fd: c_int, message: *mut msghdr, flags: c_int) -> ssize_t;
    WRITES: SYS_write = fn write(fd: c_int, at: *const c_void, length: size_t) -> ssize_t;
    WRITES: SYS_writev = fn writev(fd: c_int, parts: *const iovec, count: c_int) -> ssize_t;
    WRITES: SYS_sendmsg = fn sendmsg(fd: c_int, message: *const msghdr, flags: c_int) -> ssize_t;
}

#[allow(unsafe_code, reason = "it takes the place of a function of the C library")]
// SAFETY: as above; Linux knows `recv` only as `recvfrom` without an address.
#[unsafe(no_mangle)]
unsafe extern "C" fn recv(fd: c_int, at: *mut c_void, length: size_t, flags: c_int) -> ssize_t {
    READS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the caller's promises are passed on.
    unsafe { libc::syscall(libc::SYS_recvfrom, fd, at, length, flags, NOWHERE, NOWHERE) as ssize_t }
}

#[allow(unsafe_code, reason = "it takes the place of a function of the C library")]
// SAFETY: as above; Linux knows `send` only as `sendto` without an address.
#[unsafe(no_mangle)]
unsafe extern "C" fn send(fd: c_int, at: *const c_void, length: size_t, flags: c_int) -> ssize_t {
    WRITES.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the caller's promises are passed on.
    unsafe { libc::syscall(libc::SYS_sendto, fd, at, length, flags, NOWHERE, 0 as c_long) as ssize_t }
}

#[allow(unsafe_code, reason = "it takes the place of a function of the C library")]
// SAFETY: as above; Linux knows `epoll_wait` as `epoll_pwait` without a mask.
#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_wait(fd: c_int, at: *mut epoll_event, most: c_int, wait: c_int) -> c_int {
    WAITS.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the caller's promises are passed on.
    unsafe { libc::syscall(libc::SYS_epoll_pwait, fd, at, most, wait, NOWHERE, 8 as c_long) as c_int }
}
