/* A process that loads the library and hardly uses it. */
#include <curl/curl.h>

int main(void) { return curl_version() == 0; }
