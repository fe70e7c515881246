"""Words that tell what an algorithm is about: its class -> weight -> words.

They serve all languages; plurals are added when they are loaded.
"""

from __future__ import annotations

LEXICON: dict[str, dict[float, str]] = {
    "backtracking": {
        4: "backtrack backtracking sudoku queens hamiltonian nqueen nqueens",
        2: "permutation combination subset maze knight tour undo",
        1: "candidate solve safe unsafe possible placement puzzle board solution attempt",
    },
    "bit_manipulation": {
        4: "popcount bitwise bitmask bitcount",
        2: "bit xor binary shift mask bits parity gray hamming endian",
        1: "twos complement swap flip signed unsigned lsb msb",
    },
    "crypto_hash": {
        4: (
            "cipher encrypt decrypt encryption decryption ciphertext plaintext sha md5 aes rsa caesar "
            "vigenere hashlib hmac elgamal"
        ),
        2: "hash crypto cryptography digest key encode decode checksum crc salt signature block base64 adler keystream",
        1: "private public message secret password alphabet padding shift nonce",
    },
    "data_structure": {
        4: "linkedlist heap trie deque stack queue avl treap fenwick segment disjoint rbtree skiplist",
        2: "node tree head tail enqueue dequeue push pop insert delete bst root leaf rotate bucket",
        1: "left right next prev parent traverse inorder preorder postorder data size capacity underflow empty peek",
    },
    "dynamic_programming": {
        4: "dp memo memoization knapsack lcs subsequence tabulation levenshtein catalan bottom",
        2: "fibonacci coin rod cut partition edit distance substructure kadane subproblem climb stairs",
        1: "optimal profit weight cost minimum maximum ways capacity longest increasing",
    },
    "geometry": {
        4: "polygon hull convex haversine geometry bezier voronoi delaunay",
        2: (
            "point angle radius circle triangle area perimeter distance vector intersection volume sphere "
            "latitude longitude"
        ),
        1: "side height width radian degree sin cos euclidean rectangle cone",
    },
    "graph": {
        4: "graph dijkstra bfs dfs kruskal prim bellman floyd topological adjacency networkx mst kosaraju",
        2: (
            "vertex vertices edge neighbor neighbour visited path cycle connected source sink flow bipartite "
            "indegree tarjan"
        ),
        1: "node weight distance component bridge reachable traversal parent queue directed undirected",
    },
    "image_processing": {
        4: "image pixel blur sobel canny dithering grayscale cv2 imread histogram convolve skimage",
        2: "img kernel gaussian filter rgb contrast brightness threshold edge dilation erosion resize",
        1: "height width channel gray color",
    },
    "io_network": {
        4: "socket http request urllib requests aiohttp websocket tcp udp server ftp smtp",
        2: "client url fetch download upload api port host connection response headers endpoint json proxy",
        1: "file read write stream buffer timeout session send recv content",
    },
    "machine_learning": {
        4: (
            "sklearn neural perceptron gradient regression classifier backpropagation sigmoid softmax kmeans "
            "knn tensorflow torch keras epoch"
        ),
        2: (
            "train training dataset label predict prediction feature cluster learning loss weights bias "
            "activation accuracy"
        ),
        1: "model sample fit test score mean error centroid entropy",
    },
    "math_number_theory": {
        4: (
            "prime sieve factorial gcd lcm euler totient divisor armstrong perfect collatz eratosthenes "
            "primality modular binomial"
        ),
        2: (
            "factor number digit sum multiple integer modulo series sequence pi fibonacci mathematics "
            "formula even odd triangular"
        ),
        1: "numbers math square cube power root value nth positive natural",
    },
    "matrix_numeric": {
        4: (
            "matrix matrices determinant eigenvalue lu gaussian jacobi newton raphson simpson runge kutta "
            "trapezoidal stencil"
        ),
        2: (
            "linear equation row column inverse transpose numerical integration interpolation approximation "
            "derivative convergence solver"
        ),
        1: "numpy array vector tolerance iteration coefficient grid step simulate cells multiply",
    },
    "searching": {
        4: "binarysearch interpolation fibonaccisearch ternary jump linearsearch exponentialsearch sentinel",
        2: "search find target bisect low high mid found lookup",
        1: "index left right key item position element sorted",
    },
    "sorting": {
        4: (
            "sort quicksort mergesort heapsort bubble insertion selection shellsort radix bucketsort timsort "
            "pivot gnome cocktail bogosort"
        ),
        2: "swap sorted unsorted merge partition ascending descending swapped sorting",
        1: "collection ordered compare comparison gap",
    },
    "string": {
        4: "palindrome anagram substring rabin karp kmp manacher pangram vowel suffix prefix regex isogram",
        2: "string word char character letter text pattern uppercase lowercase sentence reverse alphabet ascii",
        1: "split join match upper lower capitalize whitespace replace",
    },
}
