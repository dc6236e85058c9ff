# brms or rstanarm on the data of one case: Rscript r_peer.R PEER FOLDER DRAWS CHAINS CORES SEED
# The folder holds X.bin and groups.bin (column after column), y.bin and size.txt; draws.bin and figures.txt are written there.
# rstanarm's stan_polr knows only an R2 prior: its posterior is another, so only its speed can be compared.

arguments <- commandArgs(trailingOnly = TRUE)
peer <- arguments[1]
folder <- arguments[2]
numbers <- as.integer(arguments[3:6])
draws <- numbers[1]; chains <- numbers[2]; cores <- numbers[3]; seed <- numbers[4]

began <- proc.time()[["elapsed"]]
suppressPackageStartupMessages(library(peer, character.only = TRUE))
imported <- proc.time()[["elapsed"]]

size <- scan(file.path(folder, "size.txt"), quiet = TRUE)
n <- size[1]; p <- size[2]; n_terms <- size[3]
X <- matrix(readBin(file.path(folder, "X.bin"), "double", n * p), n, p)
predictors <- paste0("x", seq_len(p))
data <- setNames(as.data.frame(X), predictors)
data$y <- factor(readBin(file.path(folder, "y.bin"), "integer", n, size = 8), ordered = TRUE)
codes <- readBin(file.path(folder, "groups.bin"), "integer", n * n_terms, size = 8)
groups <- paste0("g", seq_len(n_terms) - 1)[seq_len(n_terms)]
for (t in seq_len(n_terms)) data[[groups[t]]] <- factor(codes[(t - 1) * n + seq_len(n)])
bars <- if (n_terms > 0) paste0("(1 | ", groups, ")") else character()
formula <- as.formula(paste("y ~", paste(c(predictors, bars), collapse = " + ")))

started <- proc.time()[["elapsed"]]
if (peer == "brms") {
  priors <- c(set_prior("normal(0, 2.5)", class = "b"), set_prior("normal(0, 5)", class = "Intercept"))
  if (n_terms > 0) priors <- c(priors, set_prior("normal(0, 2.5)", class = "sd"))
  fit <- brm(formula, data = data, family = cumulative("logit"), prior = priors, iter = 1000 + draws,
             warmup = 1000, chains = chains, cores = cores, seed = seed, refresh = 0, silent = 2)
  stanfit <- fit$fit
  all <- as.array(stanfit)
  labels <- c(paste0("b_", predictors), paste0("b_Intercept[", seq_len(nlevels(data$y) - 1), "]"))
  if (n_terms > 0) labels <- c(labels, paste0("sd_", groups, "__Intercept"))
  for (name in groups) labels <- c(labels, paste0("r_", name, "[", levels(data[[name]]), ",Intercept]"))
} else {
  fit <- stan_polr(formula, data = data, prior = R2(0.5, "mean"), iter = 1000 + draws, warmup = 1000,
                   chains = chains, cores = cores, seed = seed, refresh = 0)
  stanfit <- fit$stanfit
  all <- as.array(fit)
  labels <- c(predictors, names(fit$zeta))
}
seconds <- proc.time()[["elapsed"]] - started

steps <- sapply(rstan::get_sampler_params(stanfit, inc_warmup = FALSE), function(s) mean(s[, "n_leapfrog__"]))
figures <- c(
  seconds_import = imported - began,
  seconds = seconds,
  seconds_sampling = max(rowSums(rstan::get_elapsed_time(stanfit))),
  gradients_per_draw = mean(steps)
)
writeLines(paste(names(figures), figures), file.path(folder, "figures.txt"))
writeBin(as.vector(all[, , labels]), file.path(folder, "draws.bin"))
