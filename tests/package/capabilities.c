/* Prints what the library says it can do: the protocols in capitals in the first line, the features in the
 * second. */
#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>

int main(void) {
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  const char* const* item;
  for (item = info->protocols; *item != NULL; ++item) {
    const char* p;
    for (p = *item; *p != '\0'; ++p) putchar(toupper((unsigned char)*p));
    putchar(' ');
  }
  putchar('\n');
  for (item = info->feature_names; *item != NULL; ++item) printf("%s ", *item);
  putchar('\n');
  return 0;
}
