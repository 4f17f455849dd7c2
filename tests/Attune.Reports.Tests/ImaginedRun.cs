using System.Collections.Immutable;
using System.Globalization;
using Attune.Core.Runs;
using Attune.Reports.Runs;

namespace Attune.Reports.Tests;

/// <summary>Events, samples and a result such as a demo run writes, with noise and with over-optimisation towards the end.</summary>
internal static class ImaginedRun
{
    private const string Recipe = """
        name: demo
        seed: 7
        model: embedded
        stages:
          - sft:
              data: embedded:reviews
              epochs: 2
              learning_rate: 0.0003
          - reward:
              pairs: 2000
              annotator: { noise: 0.08 }   # share of flipped labels
          - ppo:
              preset: stiennon-2020
              rounds: 40
              kl: { coefficient: 0.05, target: 6, horizon: 10000 }
        """;

    public static RunRecord Whole(int seed = 7)
    {
        var rng = new Seed((ulong)seed).For("imagined").Rng();
        var events = new List<RunEvent>();
        void Add(string stage, string kind, long round, long updates, Dictionary<string, double> metrics) =>
            events.Add(new RunEvent(events.Count + 1, stage, kind, round, updates, updates * 16, metrics));
        Supervised(Add, rng);
        RewardModel(Add, rng);
        Policy(Add, rng);
        return new RunRecord("demo", Result(), [.. events], Samples(), Recipe, []);
    }

    public static void WriteTo(string folder, RunRecord run)
    {
        using (var log = EventLog.Open(folder))
        {
            foreach (var entry in run.Events)
            {
                log.Append(entry);
            }

            foreach (var sample in run.Samples)
            {
                log.Append(sample);
            }
        }

        var names = new RunFolder(folder);
        if (run.Result is { } result)
        {
            names.WriteResult(result);
        }

        if (run.Recipe is { } recipe)
        {
            File.WriteAllText(names.RecipeFile, recipe);
        }
    }

    private static void Supervised(Action<string, string, long, long, Dictionary<string, double>> add, Rng rng)
    {
        for (var update = 1; update <= 240; update++)
        {
            var loss = 1.9 + (1.6 * Math.Exp(-update / 45.0)) + (0.12 * rng.NextNormal());
            var metrics = new Dictionary<string, double>
            {
                ["loss"] = loss,
                ["eval_perplexity"] = Math.Exp(loss),
                ["entropy"] = loss - 0.1 + (0.03 * rng.NextNormal()),
                ["mean_token_accuracy"] = 0.62 - (0.3 * Math.Exp(-update / 45.0)) + (0.015 * rng.NextNormal()),
                ["learning_rate"] = 3e-4 * Math.Min(update / 20.0, 0.5 * (1 + Math.Cos(Math.PI * update / 240))),
                ["grad_norm"] = Math.Exp(0.3 * rng.NextNormal()) * (0.4 + (4 * Math.Exp(-update / 12.0))),
                ["num_tokens"] = update * 2048,
            };
            add("sft", "update", update / 120, update, metrics);
            if (update % 24 == 0)
            {
                var held = 1.97 + (1.6 * Math.Exp(-update / 45.0)) + (0.01 * rng.NextNormal());
                add("sft", "evaluation", update / 120, update, new() { ["eval_loss"] = held, ["eval_perplexity"] = Math.Exp(held) });
            }
        }
    }

    private static void RewardModel(Action<string, string, long, long, Dictionary<string, double>> add, Rng rng)
    {
        for (var update = 1; update <= 125; update++)
        {
            var learned = 1 - Math.Exp(-update / 30.0);
            add(
                "reward",
                "update",
                0,
                update,
                new()
                {
                    ["loss"] = 0.693 - (0.27 * learned) + (0.06 * rng.NextNormal()),
                    ["accuracy"] = Math.Clamp(0.5 + (0.33 * learned) + (0.09 * rng.NextNormal()), 0, 1),
                    ["margin"] = (1.6 * learned) + (0.2 * rng.NextNormal()),
                    ["min_reward"] = (-2.4 * learned) + (0.3 * rng.NextNormal()),
                    ["mean_reward"] = 0.1 * rng.NextNormal(),
                    ["max_reward"] = (2.5 * learned) + (0.3 * rng.NextNormal()),
                    ["learning_rate"] = 1e-4 * (1 - (update / 126.0)),
                    ["grad_norm"] = Math.Exp(0.4 * rng.NextNormal()),
                }
            );
            if (update % 25 == 0)
            {
                add(
                    "reward",
                    "evaluation",
                    0,
                    update,
                    new()
                    {
                        ["eval_loss"] = 0.7 - (0.24 * learned),
                        ["eval_accuracy"] = 0.5 + (0.29 * learned),
                        ["eval_calibration_error"] = 0.12 - (0.08 * learned),
                    }
                );
            }
        }
    }

    private static void Policy(Action<string, string, long, long, Dictionary<string, double>> add, Rng rng)
    {
        for (var round = 0; round <= 40; round++)
        {
            var learned = 1 - Math.Exp(-round / 13.0);
            var kl = 9.5 * learned * (1 + (0.03 * rng.NextNormal()));
            if (round > 0)
            {
                add("ppo", "update", round, round * 4, PolicyUpdate(learned, kl, round, rng));
            }

            if (round % 2 == 0)
            {
                var distance = Math.Sqrt(Math.Max(0, kl));
                add(
                    "ppo",
                    "evaluation",
                    round,
                    round * 4,
                    new()
                    {
                        ["eval/gold_reward"] = -0.1 + (1.05 * distance) - (0.18 * distance * distance) + (0.03 * rng.NextNormal()),
                        ["eval/gold_reward_sd"] = 0.55,
                        ["eval/proxy_reward"] = (0.82 * distance) - 0.05 + (0.03 * rng.NextNormal()),
                        ["eval/proxy_reward_sd"] = 0.4,
                        ["eval/kl"] = kl,
                        ["eval/perplexity_pretrained"] = 11.8 + (0.35 * kl),
                        ["eval/win_rate"] = 0.5 + (0.31 * learned),
                        ["eval/ensemble_sd"] = 0.2 + (0.03 * kl),
                    }
                );
            }
        }
    }

    private static Dictionary<string, double> PolicyUpdate(double learned, double kl, int round, Rng rng) =>
        new()
        {
            ["objective/kl"] = kl + (0.3 * rng.NextNormal()),
            ["objective/kl_k3"] = kl * 1.06,
            ["objective/kl_coef"] = 0.05 * Math.Exp(0.25 * Math.Max(0, learned - 0.6)),
            ["objective/entropy"] = 42 - (14 * learned) + rng.NextNormal(),
            ["objective/scores"] = (2.5 * learned) + (0.1 * rng.NextNormal()),
            ["objective/scores_std"] = 0.6,
            ["objective/non_score_reward"] = -0.05 * kl,
            ["objective/rlhf_reward"] = (2.5 * learned) - (0.05 * kl),
            ["policy/approxkl_avg"] = 0.006 + (0.002 * Math.Abs(rng.NextNormal())),
            ["policy/clipfrac_avg"] = 0.06 + (0.02 * rng.NextDouble()),
            ["policy/entropy_avg"] = 1.75 - (0.55 * learned) + (0.02 * rng.NextNormal()),
            ["loss/policy_avg"] = -0.02 + (0.006 * rng.NextNormal()),
            ["loss/value_avg"] = (0.5 * Math.Exp(-round / 6.0)) + 0.07 + (0.01 * rng.NextNormal()),
            ["val/clipfrac_avg"] = 0.02 * rng.NextDouble(),
            ["val/ratio"] = 1 + (0.003 * rng.NextNormal()),
            ["val/explained_variance"] = 0.72 - (1.3 * Math.Exp(-round / 4.0)),
            ["response_length/mean"] = 24 + (3 * learned) + (0.5 * rng.NextNormal()),
            ["response_length/min"] = 9 + Math.Floor(3 * rng.NextDouble()),
            ["response_length/max"] = 48,
            ["response_length/clip_ratio"] = 0.03 * rng.NextDouble(),
            ["time/rollout"] = 0.9 + (0.05 * rng.NextDouble()),
            ["time/reward"] = 0.2,
            ["time/logprobs"] = 0.2,
            ["time/update"] = 1.1,
            ["rewards/length/mean"] = 0.1 * rng.NextNormal(),
        };

    private static RunResult Result() =>
        new(
            "demo",
            "0.1.0",
            7,
            new Dictionary<string, double?>
            {
                ["gold_reward_before"] = -0.12,
                ["gold_reward_after"] = 1.41,
                ["proxy_reward_before"] = -0.04,
                ["proxy_reward_after"] = 2.42,
                ["kl_nats"] = 9.06,
                ["reward_model_accuracy"] = 0.787,
                ["win_rate_vs_reference"] = 0.805,
                ["win_rate_vs_reference_low"] = 0.745,
                ["win_rate_vs_reference_high"] = 0.853,
                ["perplexity_pretrained_before"] = 11.8,
                ["perplexity_pretrained_after"] = 14.97,
                ["seconds"] = 203,
            },
            [
                new StageResult("sft", 52, new Dictionary<string, double> { ["eval_loss"] = 1.97, ["eval_perplexity"] = 7.17 })
                {
                    Notes = ["14 of 4,000 rows dropped: completion longer than 64 tokens."],
                },
                new StageResult("reward", 31, new Dictionary<string, double> { ["eval_accuracy"] = 0.787, ["eval_loss"] = 0.46 })
                {
                    Calibration =
                    [
                        .. new[]
                        {
                            (0.53, 0.52, 74),
                            (0.58, 0.55, 66),
                            (0.66, 0.61, 81),
                            (0.74, 0.71, 90),
                            (0.83, 0.8, 96),
                            (0.93, 0.87, 73),
                        }.Select(b => new CalibrationBin(b.Item1, b.Item2, b.Item3)),
                    ],
                },
                new StageResult(
                    "ppo",
                    98,
                    new Dictionary<string, double>
                    {
                        ["eval/gold_reward"] = 1.41,
                        ["objective/kl"] = 9.06,
                        ["val/explained_variance"] = 0.72,
                    }
                )
                {
                    Notes = ["Stopped after round 40: KL budget of 10 nats nearly used (9.06)."],
                },
            ]
        )
        {
            Started = DateTimeOffset.Parse("2026-11-23T09:41:00+00:00", CultureInfo.InvariantCulture),
            Machine = "Intel Xeon, 2 cores, Debian 12",
        };

    private static ImmutableArray<SampleEvent> Samples()
    {
        var texts = new[]
        {
            (
                "The film was",
                "a slow and rather dull story about two brothers, and the ending was weak.",
                "a warm and rather funny story about two brothers, and the ending was superb."
            ),
            (
                "I watched this with my sister.",
                "We left after an hour. The plot is thin, the jokes are old and the music never stops.",
                "We stayed to the end. The plot is rich, the jokes are fresh and the music is a joy."
            ),
            (
                "As a thriller,",
                "it is fine, though nothing happens in the first half.",
                "it is gripping, and everything works in the second half: a triumph of quiet, patient direction by people who "
                    + "love the form."
            ),
        };
        var samples = ImmutableArray.CreateBuilder<SampleEvent>();
        foreach (var (stage, last) in new[] { ("sft", 240L), ("ppo", 160L) })
        {
            for (var i = 0; i < texts.Length; i++)
            {
                var (prompt, before, after) = texts[i];
                samples.Add(new SampleEvent(stage, 0, i, prompt, before, -0.4 + (0.2 * i), -0.2, 0));
                samples.Add(new SampleEvent(stage, last, i, prompt, after, 1.5 + (0.1 * i), 2.3, stage == "ppo" ? 8.7 + i : null));
            }
        }

        return samples.ToImmutable();
    }
}
