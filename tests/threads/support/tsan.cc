// What ThreadSanitizer cannot see when it watches this program (tests/run.sh): OpenSSL counts the users of a
// session with atomics of its own, which are not instrumented, so that the last user's free() looks like a
// race with whoever used the session before. What libcrypto reads, writes and frees is left out, and with it
// a race of ours that would show only in there; all of our own code is watched. Called by its runtime.

extern "C" const char* __tsan_default_suppressions() { return "called_from_lib:libcrypto.so.3\n"; }
