// Program goproxy is a plain HTTP proxy on port 8080, the exhibit of upstream's TCP probe example.
package main

import (
	"flag"
	"log"
	"net/http"

	"github.com/elazarl/goproxy"
)

func main() {
	address := flag.String("addr", ":8080", "address to listen on")
	verbose := flag.Bool("v", false, "log every request")
	flag.Parse()
	proxy := goproxy.NewProxyHttpServer()
	proxy.Verbose = *verbose
	log.Fatal(http.ListenAndServe(*address, proxy))
}
