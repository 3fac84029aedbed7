// operator new of this program counts and can fail.
#include "support/failing_new.inc"
