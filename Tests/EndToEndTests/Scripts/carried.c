/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server and its client, both with OpenSSL inside of them: carried PORT CONNECTIONS CERTIFICATE KEY.
 *
 * Once its input has ended, the client makes that many connections with two requests each; then all ends.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char request[] = "GET /carried HTTP/1.1\r\nHost: shop.example\r\n\r\n";
static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";

/* Reads until a text ends the message; whether it came. By both forms of reading. */
static int read_until(SSL *ssl, const char *end)
{
	char text[4096] = "";
	size_t count = 0, more = 0;

	while (count < sizeof(text) - 1) {
		int got = count ? SSL_read_ex(ssl, text + count, sizeof(text) - 1 - count, &more)
				: SSL_read(ssl, text, 16);

		if (got <= 0)
			return 0;
		count += count ? more : (size_t)got;
		text[count] = 0;
		if (strstr(text, end))
			return 1;
	}
	return 0;
}

static void serve(int listener, SSL_CTX *context, int connections)
{
	for (int done = 0; done < connections; done++) {
		int number = accept(listener, NULL, NULL);
		SSL *ssl = SSL_new(context);
		size_t written;

		SSL_set_fd(ssl, number);
		if (SSL_accept(ssl) != 1)
			exit(2);
		while (read_until(ssl, "\r\n\r\n"))
			if (SSL_write_ex(ssl, response, sizeof(response) - 1, &written) != 1)
				exit(3);
		SSL_free(ssl);
		close(number);
	}
}

static void ask(struct sockaddr_in *server, SSL_CTX *context, int connections)
{
	for (int done = 0; done < connections; done++) {
		int number = socket(AF_INET, SOCK_STREAM, 0);
		SSL *ssl = SSL_new(context);

		if (connect(number, (struct sockaddr *)server, sizeof(*server)))
			exit(4);
		SSL_set_fd(ssl, number);
		if (SSL_connect(ssl) != 1)
			exit(5);
		for (int asked = 0; asked < 2; asked++)
			if (SSL_write(ssl, request, sizeof(request) - 1) <= 0 || !read_until(ssl, "hello\n"))
				exit(6);
		SSL_shutdown(ssl);
		SSL_free(ssl);
		close(number);
	}
	exit(0);
}

int main(int count, char **arguments)
{
	struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[1]))};
	int listener = socket(AF_INET, SOCK_STREAM, 0), connections = atoi(arguments[2]), status = 1;
	SSL_CTX *server_context = SSL_CTX_new(TLS_server_method()), *context = SSL_CTX_new(TLS_client_method());

	if (count != 5 || SSL_CTX_use_certificate_file(server_context, arguments[3], SSL_FILETYPE_PEM) != 1 ||
	    SSL_CTX_use_PrivateKey_file(server_context, arguments[4], SSL_FILETYPE_PEM) != 1)
		return 7;
	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (struct sockaddr *)&server, sizeof(server)) || listen(listener, 16))
		return 8;
	puts("ready");
	fflush(stdout);
	while (getchar() != EOF)
		;
	signal(SIGPIPE, SIG_IGN);
	if (fork() == 0)
		ask(&server, context, connections);
	serve(listener, server_context, connections);
	wait(&status);
	return status != 0;
}
