// Lets the tests of this folder fail allocations.
#include "support/failing_new.inc"
