"""The distribution's cmake, whose file(DOWNLOAD) and file(UPLOAD) use libcurl, with our library in place of its own."""
import hashlib
import os
import subprocess

import echo
import live


class CmakeDownload(live.LiveTest):
    settings = "gzip on; gzip_types *; gzip_min_length 10;"

    @classmethod
    def locations(cls):
        cls.echo = echo.Server()
        cls.addClassCleanup(cls.echo.stop)
        return f"""
          location = /moved {{ return 302 /large; }}   location = /missing {{ return 404 "no"; }}
          location /echo {{ proxy_pass {cls.echo.url}; }}   location /slow/ {{ alias ROOT/; limit_rate 10k; }}
        """.replace("ROOT", os.path.join(cls.directory, "nginx", "root"))

    @classmethod
    def set_up_site(cls):
        cls.cmake = cls.find_cmake()
        cls.large, cls.text = live.content(5 << 20), b"words that can be compressed " * 1000
        cls.nginx.write_file("large", cls.large)
        cls.nginx.write_file("text", cls.text)

    @staticmethod
    def find_cmake():
        for path in (os.environ.get("HIPER_CMAKE", "cmake"), live.need("cmake"), "/usr/bin/cmake"):
            libraries = subprocess.run(["ldd", path], capture_output=True, text=True, env=live.library_environment())
            if os.path.join(live.LIBRARY_DIR, "libcurl.so.4") in libraries.stdout:
                return path
        return live.missing("no cmake that loads libcurl.so.4")

    def run_script(self, script, fails=False):
        """Runs `script`, in which the variables CA, HTTP, HTTPS and ECHO are set, in a directory of its own."""
        directory = self.fresh_directory()
        head = f"set(CA {self.certificates.ca})\nset(HTTP {self.nginx.http})\nset(HTTPS {self.nginx.https})\n"
        check = 'macro(expect code)\n if(NOT status MATCHES "^${code};")\n' \
                '  message(FATAL_ERROR "status ${status}, not ${code}, log ${log}")\n endif()\nendmacro()\n'
        with open(os.path.join(directory, "script.cmake"), "w") as file:
            file.write(head + f"set(ECHO {self.echo.url})\n" + check + script)
        done = subprocess.run([self.cmake, "-P", "script.cmake"], cwd=directory, env=live.library_environment(),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode != 0, fails, done.stdout + done.stderr)
        return directory, done.stdout + done.stderr

    def assert_file(self, directory, name, content):
        with open(os.path.join(directory, name), "rb") as file:
            self.assertTrue(file.read() == content, f"{name} has other bytes")

    def test_downloads_are_the_same_bytes(self):
        digest = hashlib.sha256(self.large).hexdigest()
        directory, _ = self.run_script(f"""
            file(DOWNLOAD ${{HTTP}}/large plain STATUS status LOG log)
            expect(0)
            file(DOWNLOAD ${{HTTPS}}/large secure STATUS status LOG log TLS_VERIFY ON TLS_CAINFO ${{CA}}
                 EXPECTED_HASH SHA256={digest})
            expect(0)
            file(DOWNLOAD ${{HTTPS}}/moved moved STATUS status LOG log TLS_VERIFY ON TLS_CAINFO ${{CA}} SHOW_PROGRESS)
            expect(0)
            file(DOWNLOAD ${{HTTP}}/text text STATUS status LOG log INACTIVITY_TIMEOUT 20 TIMEOUT 30)
            expect(0)
            file(DOWNLOAD ${{HTTPS}}/large part STATUS status LOG log TLS_VERIFY OFF RANGE_START 100 RANGE_END 20099)
            expect(0)
            foreach(number RANGE 1 20)
              file(DOWNLOAD ${{HTTPS}}/text many${{number}} TLS_VERIFY ON TLS_CAINFO ${{CA}} STATUS status)
              expect(0)
            endforeach()""")
        for name in ("plain", "secure", "moved"):
            self.assert_file(directory, name, self.large)
        for name in ["text"] + [f"many{number}" for number in range(1, 21)]:
            self.assert_file(directory, name, self.text)
        self.assert_file(directory, "part", self.large[100:20100])

    def test_a_wrong_hash_is_an_error(self):
        _, output = self.run_script("file(DOWNLOAD ${HTTP}/large file EXPECTED_HASH SHA256=" + "0" * 64 + ")", fails=True)
        self.assertIn("HASH mismatch", output)
        self.assertIn(hashlib.sha256(self.large).hexdigest(), output)

    def test_failures_have_their_status(self):
        closed = live.Nginx._listener()
        port = closed.getsockname()[1]
        closed.close()
        self.run_script(f"""
            file(DOWNLOAD ${{HTTPS}}/large file STATUS status TLS_VERIFY ON)
            expect(60)
            file(DOWNLOAD http://127.0.0.1:{port}/ file STATUS status)
            expect(7)
            file(DOWNLOAD ${{HTTP}}/missing file STATUS status)
            expect(22)
            file(DOWNLOAD ${{HTTP}}/slow/large file STATUS status TIMEOUT 1)
            expect(28)
            file(DOWNLOAD ${{ECHO}}/slow-start file STATUS status INACTIVITY_TIMEOUT 3)
            expect(0)
            file(DOWNLOAD foo://host/ file STATUS status)
            expect(1)""")

    def test_uploads_and_headers_arrive(self):
        directory, _ = self.run_script("""
            file(WRITE data "what is sent")
            file(UPLOAD data ${ECHO}/echo/plain STATUS status LOG log USERPWD me:secret HTTPHEADER "X-One: 1")
            expect(0)
            file(WRITE log "${log}")
            file(UPLOAD data ${HTTPS}/echo/secure STATUS status LOG log TLS_VERIFY ON TLS_CAINFO ${CA})
            expect(0)
            file(DOWNLOAD ${ECHO}/echo/get answer STATUS status HTTPHEADER "X-Two: 2" HTTPHEADER "X-Three: 3" USERPWD a:b)
            expect(0)""")
        with open(os.path.join(directory, "answer")) as file:
            answer = file.read()
        for line in ("GET /echo/get HTTP/1.1", "x-two: 2", "x-three: 3", "authorization: Basic YTpi"):
            self.assertIn(line, answer)
        with open(os.path.join(directory, "log")) as file:
            log = file.read()
        for line in ("PUT /echo/plain HTTP/1.1", "x-one: 1", "authorization: Basic bWU6c2VjcmV0", "what is sent"):
            self.assertIn(line, log)


if __name__ == "__main__":
    live.main()
