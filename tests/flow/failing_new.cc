// Lets the tests of this folder fail allocations.
#include "unit/support/failing_new.inc"
