using System.Collections.Immutable;
using System.Diagnostics;

namespace Attune.Bench.Benchmarks;

/// <summary>
/// Measures Attune's speed on this machine, in turns with a peer if one is given: A B A B, so that what disturbs the machine disturbs
/// both. Synchronous on purpose: libtorch's threads belong to the thread that calls it.
/// </summary>
public static class BenchmarkSuite
{
    /// <exception cref="Core.AttuneException">The options cannot work, or the peer failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a peer that was running is ended.</exception>
    public static BenchmarkReport Run(
        BenchmarkOptions options,
        TimeProvider clock,
        IProgress<BenchmarkProgress>? progress,
        CancellationToken cancel
    )
    {
        options.Validate();
        var started = clock.GetUtcNow();
        progress?.Report(new BenchmarkProgress("ceilings", "machine", 1, 1));
        var ceilings = new CeilingMeasurement(options.CeilingRepeats).Run(options.Seed, cancel);
        var rows = ImmutableArray.CreateBuilder<BenchmarkRow>();
        foreach (var size in options.Sizes)
        {
            foreach (var work in options.Cases(size))
            {
                var row = new Comparison(size, work, options, progress, cancel).Run(ceilings);
                rows.Add(row);
                progress?.Report(new BenchmarkProgress(row.Name, "", options.Rounds, options.Rounds, row));
            }
        }

        return new BenchmarkReport(started, options.Seed.Value, options.Rounds, Machine.Here(), ceilings, rows.ToImmutable());
    }

    /// <summary>One case, all rounds.</summary>
    private sealed class Comparison(
        BenchmarkSize size,
        BenchmarkCase work,
        BenchmarkOptions options,
        IProgress<BenchmarkProgress>? progress,
        CancellationToken cancel
    )
    {
        private readonly string _name = $"{work.Work} {size.Name} {work.Shape}".TrimEnd();
        private readonly List<double> _seconds = [];
        private readonly List<IReadOnlyDictionary<string, double>> _parts = [];
        private readonly Disturbance _disturbance = new();
        private readonly SortedDictionary<string, (List<PeerFigure> Figures, Disturbance Disturbance)> _peers = new(StringComparer.Ordinal);

        public BenchmarkRow Run(MachineCeilings ceilings)
        {
            ProcessMeter.ForgetPeak();
            using (var measured = Measured.Of(size.Config, work, options.Seed.For(_name)))
            {
                for (var round = 1; round <= options.Rounds; round++)
                {
                    cancel.ThrowIfCancellationRequested();
                    progress?.Report(new BenchmarkProgress(_name, "Attune", round, options.Rounds));
                    RunOwn(measured);
                    RunPeers(round);
                }
            }

            return Row(ceilings);
        }

        private void RunOwn(Measured measured)
        {
            // Before each round, not only the first: the peer has had the caches meanwhile.
            measured.Run(work.WarmUps, cancel);
            _seconds.Add(Spread.Of(_disturbance.During(() => measured.Run(work.Repeats, cancel))).Median);
            _parts.Add(measured.Parts);
        }

        private void RunPeers(int round)
        {
            foreach (var variant in options.Peer?.Variants ?? [])
            {
                if (PeerRunner.Arguments(size, work, variant) is not { } arguments)
                {
                    continue;
                }

                progress?.Report(new BenchmarkProgress(_name, $"peer {variant}", round, options.Rounds));
                if (!_peers.TryGetValue(variant, out var peer))
                {
                    _peers[variant] = peer = ([], new Disturbance());
                }

                peer.Figures.Add(peer.Disturbance.During(() => new PeerRunner(options.Peer!).Run(work, arguments, cancel)));
            }
        }

        private BenchmarkRow Row(MachineCeilings ceilings)
        {
            Work[] stretches =
            [
                .. work switch
                {
                    TrainCase train => ModelWork.TrainStep(size.Config, train.Batch, train.Time, train.Precision),
                    DecodeCase decode => ModelWork.Decode(size.Config, decode.Batch, decode.Prompt, decode.NewTokens, decode.Type),
                    PrefillCase prefill => ModelWork.Decode(size.Config, prefill.Batch, prefill.Prompt, 1, prefill.Type),
                    PpoCase ppo => ModelWork.PpoIteration(size.Config, ppo),
                    RepackCase repack => ModelWork.Repack(size.Config, repack.Type),
                    _ => throw new UnreachableException(),
                },
            ];
            var peak = ceilings.FlopsPerSecondIn(work.TypeName);
            var seconds = Spread.Of(_seconds).Median;
            var flops = stretches.Sum(s => s.Flops);
            var least = stretches.Sum(s => s.LeastSeconds(peak, ceilings.BytesPerSecond));
            return new BenchmarkRow(
                _name,
                work.Work,
                size.Name,
                work.Shape,
                work.TypeName,
                work.Unit,
                Spread.Of(_seconds.Select(work.Figure)),
                work.Repeats,
                flops,
                flops / seconds / 1e9,
                flops > 0 ? flops / seconds / peak : null,
                least / seconds,
                ProcessMeter.PeakMemoryMb(),
                _disturbance.Share,
                [.. _peers.Select(p => PeerRowOf(p.Key, p.Value.Figures, p.Value.Disturbance.Share))],
                Medians(_parts)
            );
        }

        private PeerRow PeerRowOf(string variant, List<PeerFigure> figures, double? otherLoad)
        {
            var ratios = _seconds.Zip(
                figures,
                (seconds, peer) =>
                    work.Unit == BenchmarkRow.TokensPerSecond ? work.Figure(seconds) / peer.Figure : peer.Figure / work.Figure(seconds)
            );
            var peer = figures[0].Version ?? "peer";
            return new PeerRow(
                peer,
                variant,
                Spread.Of(figures.Select(f => f.Figure)),
                Spread.Of(ratios),
                figures.Max(f => f.PeakMemoryMb),
                otherLoad,
                Medians(figures.Select(f => f.Phases))
            );
        }

        private static ImmutableSortedDictionary<string, double> Medians(IEnumerable<IReadOnlyDictionary<string, double>> rounds) =>
            rounds
                .SelectMany(r => r)
                .GroupBy(p => p.Key, p => p.Value)
                .ToImmutableSortedDictionary(g => g.Key, g => Spread.Of(g).Median, StringComparer.Ordinal);
    }
}
