// Package reach decides which addresses this program may call when somebody else names them: a webshop's URL comes from whoever
// registers the shop, and must not become a way to the services behind our own firewall.
//
// A Guard judges twice. CheckURL looks at the text, early, so that whoever typed it is told what is wrong. Client looks at every address
// at the moment it is dialled, after the name was resolved: a name that answers differently the second time leads nowhere, and neither
// does one that some resolver reads as a number. What is not an ordinary public address is refused, the ways to write a private one
// inside a public-looking one (IPv4-mapped, NAT64, 6to4) included. Networks that are meant all the same are named in the configuration.
//
// Everything is https but on loopback. Redirects are not followed and no proxy is taken from the environment: either would lead to where
// nobody has looked.
package reach
