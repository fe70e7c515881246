"""Names of algorithms and things that tell what code is about: class -> phrases, set apart by commas.

They serve all languages. The model of algorithm classes is fitted on them beside labelled programs, each phrase as a
tiny program of its own, so that it knows names that no labelled program has.
"""

from __future__ import annotations

PHRASES: dict[str, str] = {
    "backtracking": (
        "backtrack, n queens, queens, sudoku, knight tour, knights tour, rat in maze, hamiltonian cycle, "
        "hamiltonian path, graph coloring, m coloring, generate permutations, all permutations, all combinations, "
        "all subsequences, all subsets, power set, subset sum, sum of subsets, combination sum, word search, "
        "crossword, match word pattern, minimax, alpha beta, generate parentheses, is safe, solve maze, word break, "
        "place queen, flood fill, tug of war, peg solitaire, cryptarithm, remove invalid parentheses, partition "
        "palindrome"
    ),
    "bit_manipulation": (
        "bitwise, bit, bits, bit count, count set bits, set bits, popcount, hamming weight, parity, gray code, xor, "
        "twos complement, ones complement, is power of two, power of two, swap bits, reverse bits, bit mask, "
        "bitmask, binary and operator, binary or operator, binary xor operator, binary shifts, logical left shift, "
        "logical right shift, arithmetic right shift, leading zeros, trailing zeros, lowest set bit, highest set "
        "bit, rightmost set bit, single number, missing number, non repeating number, single bit, clear bit, set "
        "bit, toggle bit, flip bit, nth bit, is bit set, different signs, bit length, endian, excess 3 code, bcd, "
        "binary coded decimal, swap odd even bits, next set bit, sign bit, bit difference, numbers different signs, "
        "index of rightmost set bit, previous power of two, largest pow of two, alternating bits, bit reversal, xs3"
    ),
    "crypto_hash": (
        "cipher, encrypt, decrypt, encryption, decryption, ciphertext, plaintext, caesar, vigenere, affine cipher, "
        "atbash, rot13, rsa, aes, des, blowfish, rc4, sha, sha1, sha256, sha512, md5, md4, hmac, hash function, "
        "hash value, adler32, crc, crc32, checksum, fletcher, djb2, sdbm, luhn, verhoeff, damm, diffie hellman, "
        "elgamal, enigma, playfair, polybius, bifid, hill cipher, morse code, baconian, one time pad, vernam, rail "
        "fence, xor cipher, columnar transposition, transposition cipher, trifid, running key, autokey, porta "
        "cipher, beaufort, simple substitution, mixed keyword, monoalphabetic, polyalphabetic, shuffled shift, "
        "brute force caesar, onepad, elf hash, chaos machine, base64, base32, base16, base85, keystream, digest, "
        "cryptography, crypto, keccak, blake2, merkle damgard, salt, s box, sbox, round key, key schedule, key "
        "expansion, primitive root, lfsr, a5 1, digital signature, public key, private key, shared key, diffie, tea "
        "cipher, gronsfeld, homophonic, hash map collision, murmur, fnv, siphash, rabin cryptosystem, caesar shift, "
        "secret message, ecc, elliptic curve, kerberos, permutation cipher, product cipher, adfgvx, hashed "
        "password, mono cipher, pbkdf2, wyhash, zobrist"
    ),
    "data_structure": (
        "linked list, singly linked list, doubly linked list, circular linked list, skip list, stack, queue, "
        "circular queue, priority queue, deque, double ended queue, binary search tree, binary tree, avl, red black "
        "tree, splay, treap, b tree, fenwick, fenwick tree, binary indexed tree, segment tree, lazy segment tree, "
        "trie, radix tree, suffix array, suffix tree, heap, min heap, max heap, binary heap, fibonacci heap, "
        "leftist heap, binomial heap, skew heap, disjoint set, union find, dsu, hash table, hash map, linear "
        "probing, quadratic probing, double hashing, cuckoo hashing, bloom filter, lru cache, lfu cache, mru cache, "
        "fifo cache, sparse table, veb tree, van emde boas, scapegoat, inorder traversal, preorder traversal, "
        "postorder traversal, level order, lowest common ancestor, tree traversal, push, pop, enqueue, dequeue, is "
        "empty, insert node, delete node, reverse linked list, middle element, merge linked list, swap nodes, "
        "balanced parentheses, infix to postfix, postfix evaluation, prefix evaluation, stock span, next greater "
        "element, circular buffer, ring buffer, dynamic array, bag, priority heap, quad tree, kd tree, interval "
        "tree, cartesian tree, floyd cycle, detect loop, tree node, list node, left child, right child, underflow, "
        "overflow, front rear, generic list, iterator, capacity, collision, load factor, rope, wavelet tree, merge "
        "sort tree, heavy light, persistent, tree depth, tree height, sibling, ancestor, diameter of tree, mirror "
        "tree, symmetric tree, cursor linked list, queue using stack, stack using queue, two stacks, range sum "
        "query, prefix sum, immutable list"
    ),
    "dynamic_programming": (
        "dynamic programming, dp, memo, memoize, memoization, tabulation, bottom up, top down, knapsack, longest "
        "common subsequence, lcs, longest increasing subsequence, lis, longest palindromic subsequence, longest "
        "common substring, edit distance, levenshtein, coin change, rod cutting, matrix chain, maximum subarray, "
        "kadane, max sub array, climbing stairs, egg dropping, minimum cost path, min cost path, min partition, "
        "minimum partition, subset sum, partition problem, palindrome partitioning, house robber, wildcard "
        "matching, regular expression matching, optimal binary search tree, catalan, longest sub array, unique "
        "paths, count ways, number of ways, word break, integer partition, burst balloons, maximal square, max non "
        "adjacent sum, fibonacci, tribonacci, trapped water, rain water, zero one knapsack, fractional knapsack, "
        "viterbi, longest arithmetic, combination sum, dice throw, buy sell stock, ugly number, sum of subset, "
        "assignment using bitmask, boundary fill, optimal profit, job scheduling, board path, kaprekar dp, "
        "subsequence, super sequence, shortest common supersequence, minimum steps to one, tiling, domino, ford "
        "fulkerson dp, mandatory cost tickets, smith waterman, needleman, lps, abbreviation, painting fence, paint "
        "house, longest alternating, longest bitonic, newman conway, minimum squares, tree matching, sequence "
        "alignment, optimal job, max product subarray, minimum waiting time"
    ),
    "geometry": (
        "convex hull, graham scan, jarvis, gift wrapping, polygon, haversine, lamberts ellipsoidal, great circle, "
        "line segment, segment intersection, closest pair, point in polygon, triangle area, circle, area of, "
        "surface area, volume, perimeter, circumference, sphere, cone, cylinder, cuboid, ellipse, rhombus, "
        "trapezium, parallelogram, rectangle, euclidean distance, manhattan distance, voronoi, delaunay, bezier, "
        "rotating calipers, midpoint, bresenham, latitude, longitude, pyramid, hexagon, octagon, pentagon, "
        "tetrahedron, torus, cross product, heron, bounding box, plane, ray, orientation, koch snowflake, "
        "mandelbrot, sierpinski, point, angle, radius, digital differential analyzer"
    ),
    "graph": (
        "graph, dijkstra, bellman ford, floyd warshall, johnson, kruskal, prim, boruvka, minimum spanning tree, "
        "mst, bfs, dfs, breadth first search, depth first search, topological sort, kahn, kosaraju, tarjan, "
        "strongly connected, scc, articulation point, bridge, bipartite, eulerian, euler path, hierholzer, ford "
        "fulkerson, edmonds karp, dinic, max flow, min cut, a star, adjacency list, adjacency matrix, adjacent, "
        "vertex, vertices, edges, edge list, neighbor, neighbour, in degree, out degree, indegree, shortest path, "
        "single source, all pairs, connected components, number of islands, cycle detection, has cycle, page rank, "
        "markov chain, karger, centroid decomposition, lowest common ancestor, travelling salesman, tsp, word "
        "ladder, flow network, capacity, residual, hopcroft, gale shapley, two satisfiability, bidirectional, graph "
        "traversal, weighted graph, directed graph, undirected graph, source node, visited, social network, "
        "connected graph, matching, spanning, heuristic, greedy best first, flood fill, prufer, astar, grid path"
    ),
    "image_processing": (
        "image, pixel, rgb, grayscale, gray, blur, gaussian filter, median filter, bilateral filter, sobel, canny, "
        "edge detection, dilation, erosion, dithering, sepia, negative, contrast, brightness, histogram "
        "equalization, histogram stretch, resize, rotation, flip augmentation, mosaic augmentation, harris corner, "
        "hough, convolution, convolve, laplacian filter, local binary pattern, gabor, threshold, cv2, imread, "
        "imshow, img, opencv, color channel, hue, saturation, pooling, steganography, seam carving, burkes, run "
        "length"
    ),
    "io_network": (
        "http, https, url, request, response, api, socket, server, client, tcp, udp, ftp, port, host, download, "
        "fetch, crawl, scrape, web, email, send mail, smtp, weather, stock price, quote, covid stats, github, "
        "instagram, wikipedia, reddit, google, html, json, soup, connect, connection, packet, protocol, send file, "
        "receive file, slack, get imdb, currency converter, giphy, nasa, hacker news, search books, remote command, "
        "telephone, file transfer, broadcast, proxy, endpoint, api key, headers, user agent, non blocking"
    ),
    "machine_learning": (
        "machine learning, neural network, perceptron, multilayer, adaline, back propagation, gradient descent, "
        "linear regression, logistic regression, polynomial regression, k means, kmeans, k nearest, knn, svm, "
        "support vector, decision tree, random forest, gradient boosting, naive bayes, gaussian naive, xgboost, "
        "lstm, convolutional, activation, relu, sigmoid, softmax, tanh, swish, mish, leaky, silu, elu, loss "
        "function, cross entropy, learning rate, epoch, train, training, predict, prediction, classifier, feature, "
        "dataset, centroid, cluster, clustering, principal component, pca, kohonen, self organizing map, som, mean "
        "squared error, accuracy, layer, neuron, weights, association rule, apriori, fp growth, word frequency, tf "
        "idf, similarity search, t sne, gaussian mixture, expectation maximization, scoring functions, local "
        "weighted learning, sequential minimal, forecasting, hidden layer, genetic algorithm, reinforcement, q "
        "learning, fitness, chromosome, mutation, crossover, population"
    ),
    "math_number_theory": (
        "prime, primes, is prime, sieve, sieve of eratosthenes, factorial, gcd, greatest common divisor, lcm, least "
        "common multiple, euclid, extended euclid, euler totient, totient, phi, modular exponentiation, modular "
        "inverse, chinese remainder, fermat, miller rabin, pollard rho, carmichael, perfect number, perfect square, "
        "perfect cube, perfect power, armstrong, narcissistic, amicable, abundant, deficient, palindrome number, "
        "harshad, happy number, ugly number, automorphic, kaprekar, krishnamurthy, lucas, pell, catalan, bell "
        "number, fibonacci, collatz, pascal triangle, binomial coefficient, combinations, permutation, "
        "permutations, divisor, divisors, proper divisors, factors, prime factors, aliquot, sum of digits, reverse "
        "number, digits, square root, cube root, newton raphson, nth root, power, exponent, exponentiation, "
        "logarithm, absolute value, absolute min, average, mean, median, mode, variance, standard deviation, "
        "arithmetic, geometric series, harmonic series, arithmetic series, pythagoras, pythagorean triple, "
        "quadratic equation, quadratic roots, pi, monte carlo, leibniz, ceil, floor, round, modulo, addition, "
        "subtraction, multiplication, division, karatsuba, russian peasant, fast fourier, fft, number theory, "
        "triangular number, square free, mobius, liouville, twin prime, sophie germain, goldbach, project euler, "
        "polynomial, taylor series, maclaurin, simpson, trapezoidal, roman numeral, magic number, keith number, "
        "strong number, smith number, pronic number, disarium, josephus, zeller, leap year, celsius, fahrenheit, "
        "kinetic energy, resistance, voltage, physics, gamma function, sigmoid, zeta, parity even, even, odd, is "
        "even, is odd, sum of, product of, nth term, number of digits, juggler, sylvester, hexagonal, octahedral, "
        "decimal to, convert number, sum of squares, multiples, number, mathematical, formula, euler problem, "
        "mersenne, lucas lehmer, prime counting, integral, distribution, probability, combinatorics, vampire "
        "number, decimal to fraction, repeating decimal, largest of three, gaussian, dual number, quaternion, joint "
        "probability"
    ),
    "matrix_numeric": (
        "matrix, matrices, determinant, transpose, inverse, matrix inverse, matrix multiplication, strassen, "
        "eigenvalue, eigen vector, power iteration, lu decomposition, gaussian elimination, gauss jordan, gauss "
        "seidel, jacobi iteration, conjugate gradient, cramer, rank of matrix, spiral matrix, rotate matrix, magic "
        "square, pascal matrix, bisection, newton method, secant, regula falsi, false position, runge kutta, euler "
        "method, interpolation, newton forward, lagrange interpolation, linear algebra, vector, numerical "
        "integration, simpson rule, trapezoidal rule, ordinary differential, least squares, finite difference, "
        "upper triangular, lower triangular, row, column, rows, cols, schur, rayleigh quotient, tridiagonal, "
        "intersection, fixed point, golden section, brent, muller, nevilles, adams bashforth, gram schmidt, svd, "
        "kronecker, toeplitz, hessian, identity matrix, game of life, cellular automata, search in sorted matrix, "
        "diagonal, matrix power, matrix exponentiation, median of matrix, root finding, approximation, ode, "
        "boundary value, cholesky, qr decompose, mirror of matrix, successive approximation, equilibrium index, "
        "islands matrix, numerical analysis, numerical methods, durand kerner"
    ),
    "searching": (
        "binary search, linear search, jump search, interpolation search, exponential search, fibonacci search, "
        "ternary search, sentinel search, sentinel linear search, double linear search, meta binary search, quick "
        "select, quickselect, kth smallest, kth largest, hill climbing, simulated annealing, tabu search, search "
        "element, searching algorithm, target, lower bound, upper bound, search sorted, rotated array, peak "
        "element, find element, index of element, low high mid, needle haystack, square root binary search, "
        "saddleback, unknown size, infinite array, mid, not found, search key, order agnostic, first occurrence, "
        "last occurrence, median search, hash table search, two sum, boyer moore majority, how many times rotated, "
        "majority"
    ),
    "sorting": (
        "sort, sorting, bubble sort, insertion sort, selection sort, merge sort, quick sort, heap sort, shell sort, "
        "radix sort, counting sort, bucket sort, pigeonhole sort, comb sort, gnome sort, cocktail, cocktail shaker, "
        "cycle sort, pancake sort, bogo sort, bead sort, stooge sort, odd even sort, tim sort, tree sort, bitonic "
        "sort, strand sort, intro sort, library sort, wiggle sort, dutch national flag, topological, stalin sort, "
        "slow sort, pivot, partition, unsorted, ascending, descending, swapped, heapify, merge, exchange sort, "
        "patience sort, external sort, circle sort, double sort, tournament sort, dual pivot, link sort, flash "
        "sort, sort array, sorted array, is sorted, sort colors, shrink, gap, in place, smooth sort, inversions, "
        "count inversions"
    ),
    "string": (
        "palindrome, anagram, pangram, isogram, substring, knuth morris pratt, kmp, rabin karp, boyer moore, aho "
        "corasick, z function, z algorithm, manacher, longest common prefix, longest palindromic substring, string "
        "reverse, reverse string, reverse words, capitalize, uppercase, lowercase, title case, camel case, snake "
        "case, kebab case, split string, join string, word count, word occurrence, character frequency, vowel, "
        "consonant, duplicate characters, remove duplicates, first unique character, rotate string, string "
        "rotation, hamming distance, jaro winkler, levenshtein distance, pattern matching, naive string search, "
        "burrows wheeler, run length encoding, suffix array, autocomplete, regex, ascii, text, word, words, "
        "sentence, letter, letters, character, string, pig latin, text justification, wildcard, isomorphic strings, "
        "atoi, valid email, credit card, spell, can string be rearranged, barcode, wave string, indian phone, "
        "ngram, strip, validate, alphabet, alphanumeric, lorem, zigzag, case insensitive, count letters, longest "
        "word, longest non repeat, frequency finder"
    ),
}
