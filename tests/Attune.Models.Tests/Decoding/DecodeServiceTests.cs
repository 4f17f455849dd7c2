using System.Collections.Concurrent;
using System.Collections.Immutable;
using Attune.Core;
using Attune.Core.Completions;
using Attune.Core.Rollouts;
using Attune.Core.Runs;
using Attune.Models.Decoding;

namespace Attune.Models.Tests.Decoding;

public sealed class DecodeServiceTests
{
    private const int Patience = 60_000;

    [Fact]
    public async Task An_answer_is_what_it_would_be_alone_whatever_comes_and_goes_beside_it()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var alone = new DecodeEngine(model);
        using var service = new DecodeService(new DecodeEngine(model), 4, 64, 100);
        SampleRequest[] requests =
        [
            .. Enumerable
                .Range(0, 30)
                .Select(i => new SampleRequest(
                    [.. TinyModels.Tokens(config, 1 + i * 7 % 33, (ulong)(i % 11))],
                    new Seed(5).For("request", i)
                )),
        ];
        var options = requests
            .Select(
                (_, i) =>
                    new SamplingOptions
                    {
                        MaxNewTokens = 5 + i % 25,
                        EndToken = i % 2 == 0 ? 4 : null,
                        Temperature = i % 3 == 0 ? 0 : 0.5 + i % 4,
                        TopK = i % 5 == 0 ? 7 : 0,
                        TopP = i % 4 == 0 ? 0.8 : 1,
                    }
            )
            .ToArray();
        var jobs = requests.Select((r, i) => new Waiting(r, options[i]) { Alternatives = i % 3 }).ToArray();
        // From several threads, in parts, and every third one is taken back at some moment.
        await Parallel.ForAsync(
            0,
            3,
            async (part, cancel) =>
            {
                for (var i = part; i < jobs.Length; i += 3)
                {
                    service.Add([jobs[i]]);
                    await Task.Yield();
                    if (i % 3 == 2)
                    {
                        jobs[i].LeaveAfter(i % 7);
                    }
                }
            }
        );
        for (var i = 0; i < jobs.Length; i++)
        {
            if (i % 3 == 2)
            {
                continue;
            }
            var rollout = await jobs[i].Result.WaitAsync(TimeSpan.FromMilliseconds(Patience));
            var expected = alone.Sample([requests[i]], options[i], 0, null, CancellationToken.None).Single();
            Assert.Equal(expected.Sequence, rollout.Sequence);
            Assert.True(expected.LogProbs.AsSpan().SequenceEqual(rollout.LogProbs.AsSpan()));
            Assert.Equal(rollout.Sequence.Answer.ToArray(), jobs[i].Tokens.Select(t => t.Drawn.Token));
            Assert.Equal(rollout.LogProbs, jobs[i].Tokens.Select(t => t.Drawn.LogProb));
        }
    }

    /// <summary>Prompts longer than one pass, that begin alike, beside others that are only answered; more texts than slots.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(70)] // every output of a pass may be wanted by an answer
    public async Task A_prompt_that_is_told_has_the_log_probabilities_of_the_text(int slots)
    {
        var config = TinyModels.Llama with { ContextLength = 160 };
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        using var service = new DecodeService(new DecodeEngine(model), slots, 160, 200);
        int[] common = TinyModels.Tokens(config, 90, 1);
        var jobs = Enumerable
            .Range(0, 100)
            .Select(i => new Waiting(
                new SampleRequest(
                    [.. common[..(i % 91)], .. TinyModels.Tokens(config, 1 + i % 50, (ulong)i)],
                    new Seed(5).For("request", i)
                ),
                new SamplingOptions { MaxNewTokens = 1 + i % 9, Temperature = i % 2 == 0 ? 0 : 1 }
            )
            {
                ReportsPrompt = i % 3 != 0,
                Alternatives = i % 2,
            })
            .ToArray();
        service.Add(jobs);
        foreach (var job in jobs)
        {
            var rollout = await job.Result.WaitAsync(TimeSpan.FromMilliseconds(Patience));
            var prompt = job.Request.Prompt;
            Assert.Equal(job.ReportsPrompt ? prompt[1..] : [], job.Prompt.Select(p => p.Given.Token));
            Assert.True(
                engine
                    .Sample([job.Request], job.Options, 0, null, CancellationToken.None)
                    .Single()
                    .LogProbs.AsSpan()
                    .SequenceEqual(rollout.LogProbs.AsSpan())
            );
            if (!job.ReportsPrompt)
            {
                continue;
            }
            Assert.All(engine.LogProbs(prompt).Zip(job.Prompt), p => Assert.Equal(p.First, p.Second.Given.LogProb, 1e-5));
            Assert.All(
                job.Prompt,
                p => Assert.True(p.Likeliest.IsEmpty ? job.Alternatives == 0 : p.Likeliest[0].LogProb >= p.Given.LogProb)
            );
        }
    }

    [Fact]
    public async Task Likeliest_tokens_are_those_of_the_full_distribution()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        using var service = new DecodeService(new DecodeEngine(model), 2, 64, 10);
        var job = new Waiting(
            new SampleRequest([1, 2, 3], new Seed(8)),
            new SamplingOptions
            {
                MaxNewTokens = 6,
                TopK = 2,
                Temperature = 0.7,
            }
        )
        {
            Alternatives = 5,
        };
        service.Add([job]);
        var rollout = await job.Result.WaitAsync(TimeSpan.FromMilliseconds(Patience));
        var logits = engine.Logits(rollout.Sequence.Tokens.AsSpan());
        for (var i = 0; i < 6; i++)
        {
            var row = logits.AsSpan((2 + i) * config.VocabularySize, config.VocabularySize).ToArray().Select(l => l / 0.7).ToArray();
            var total = Math.Log(row.Sum(Math.Exp));
            var expected = row.Select((l, token) => (token, LogProb: l - total)).OrderByDescending(t => t.LogProb).Take(5).ToArray();
            Assert.Equal(expected.Select(e => e.token), job.Tokens[i].Likeliest.Select(l => l.Token));
            Assert.All(expected.Zip(job.Tokens[i].Likeliest), pair => Assert.Equal(pair.First.LogProb, pair.Second.LogProb, 1e-4));
        }
    }

    [Fact]
    public async Task A_request_that_comes_later_joins_the_batch_and_may_end_before_the_first()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var service = new DecodeService(new DecodeEngine(model), 2, 64, 10);
        var finished = new ConcurrentQueue<string>();
        var late = new Waiting(new SampleRequest([1], new Seed(1)), new SamplingOptions { MaxNewTokens = 3 });
        var early = new Waiting(new SampleRequest([2], new Seed(2)), new SamplingOptions { MaxNewTokens = 60 });
        late.Ended = () => finished.Enqueue("late");
        early.Ended = () => finished.Enqueue("early");
        early.AfterToken = count =>
        {
            if (count == 2)
            {
                service.Add([late]);
            }
        };
        service.Add([early]);
        await Task.WhenAll(early.Result, late.Result).WaitAsync(TimeSpan.FromMilliseconds(Patience));
        Assert.Equal(["late", "early"], finished);
    }

    [Fact]
    public async Task An_abandoned_request_frees_its_slot_also_in_the_middle_of_its_prompt()
    {
        var config = TinyModels.Llama;
        using var model = TinyModels.Random(config);
        using var alone = new DecodeEngine(model);
        using var service = new DecodeService(new DecodeEngine(model), 1, 64, 10);
        var endless = new Waiting(new SampleRequest([1], new Seed(1)), new SamplingOptions { MaxNewTokens = 63 });
        endless.LeaveAfter(4);
        ImmutableArray<int> prompt = [.. TinyModels.Tokens(config, 40, 1)];
        var next = new Waiting(new SampleRequest(prompt, new Seed(2)), new SamplingOptions { MaxNewTokens = 9 });
        service.Add([endless, next]);
        var rollout = await next.Result.WaitAsync(TimeSpan.FromMilliseconds(Patience));
        Assert.Equal(alone.Sample([next.Request], next.Options, 0, null, CancellationToken.None).Single().Sequence, rollout.Sequence);
        Assert.Equal(4, endless.Tokens.Count);
        Assert.False(endless.Result.IsCompleted);
    }

    [Fact]
    public async Task Who_waits_for_a_prompt_that_another_reads_goes_on_when_the_other_leaves()
    {
        // Longer than one pass reads, so that the second waits for the first, which leaves between the two passes.
        var config = TinyModels.Llama with
        {
            ContextLength = 512,
        };
        using var model = TinyModels.Random(config);
        using var engine = new DecodeEngine(model);
        ImmutableArray<int> prompt = [.. TinyModels.Tokens(config, 400, 3)];
        var queue = new Scripted();
        var options = new SamplingOptions { MaxNewTokens = 5 };
        var (first, second) = (
            new Waiting(new SampleRequest(prompt, new Seed(1)), options),
            new Waiting(new SampleRequest(prompt, new Seed(2)), options)
        );
        queue.Steps.Enqueue(first);
        queue.Steps.Enqueue(second);
        // With a third slot free the queue is asked thrice before the first pass and once before the second, when a part of the prompt was
        // read.
        queue.Asked = count =>
        {
            if (count == 4)
            {
                first.Leave();
            }
        };
        engine.Run(queue, 3, 512, 0, CancellationToken.None);
        Assert.Empty(first.Tokens);
        var rollout = await second.Result;
        Assert.Equal(engine.Sample([second.Request], options, 0, null, CancellationToken.None).Single().Sequence, rollout.Sequence);
    }

    [Fact]
    public async Task A_full_queue_refuses_and_what_cannot_work_is_refused_at_once()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using var service = new DecodeService(new DecodeEngine(model), 1, 20, 2);
        var options = new SamplingOptions { MaxNewTokens = 10 };
        var held = new ManualResetEventSlim();
        var running = new Waiting(new SampleRequest([1], new Seed(1)), options) { AfterToken = _ => held.Wait(Patience) };
        service.Add([running]);
        while (!running.HasBegun)
        {
            await Task.Delay(5);
        }

        Waiting Another() => new(new SampleRequest([1], new Seed(1)), options);
        service.Add([Another(), Another()]);
        Assert.Contains(
            "2 answers wait already",
            Assert.Throws<ModelBusyException>(() => service.Add([Another()])).Message,
            StringComparison.Ordinal
        );
        held.Set();
        await running.Result.WaitAsync(TimeSpan.FromMilliseconds(Patience));
        Assert.Contains(
            "room for 20",
            Assert
                .Throws<AttuneException>(() => service.Add([new Waiting(new SampleRequest([.. new int[15]], new Seed(1)), options)]))
                .Message,
            StringComparison.Ordinal
        );
        Assert.Throws<ConfigurationException>(() =>
            service.Add([new Waiting(new SampleRequest([1], new Seed(1)), options with { TopP = 0 })])
        );
    }

    [Fact]
    public async Task Weights_that_diverged_fail_their_requests_and_the_service_ends_cleanly()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        using (TorchSharp.torch.no_grad())
        {
            model.Weights["layers.1.down.bias"].fill_(float.NaN);
        }

        var service = new DecodeService(new DecodeEngine(model), 2, 64, 10);
        for (var i = 0; i < 2; i++)
        {
            var job = new Waiting(new SampleRequest([1], new Seed(1)), new SamplingOptions { MaxNewTokens = 10 });
            service.Add([job]);
            Assert.Contains(
                "diverged",
                (await Assert.ThrowsAsync<AttuneException>(() => job.Result.WaitAsync(TimeSpan.FromMilliseconds(Patience)))).Message,
                StringComparison.Ordinal
            );
        }

        service.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
            service.Add([new Waiting(new SampleRequest([1], new Seed(1)), new SamplingOptions { MaxNewTokens = 10 })])
        );
    }

    [Fact]
    public async Task Whoever_is_under_way_or_waits_is_told_when_the_service_ends()
    {
        var config = TinyModels.Gpt2;
        using var model = TinyModels.Random(config);
        var service = new DecodeService(new DecodeEngine(model), 1, 64, 10);
        using var begun = new ManualResetEventSlim();
        var running = new Waiting(new SampleRequest([1], new Seed(1)), new SamplingOptions { MaxNewTokens = 60 })
        {
            AfterToken = _ =>
            {
                begun.Set();
                Thread.Sleep(20);
            },
        };
        var waiting = new Waiting(new SampleRequest([2], new Seed(1)), new SamplingOptions { MaxNewTokens = 60 });
        service.Add([running, waiting]);
        begun.Wait(Patience);
        service.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Result.WaitAsync(TimeSpan.FromMilliseconds(Patience)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.Result.WaitAsync(TimeSpan.FromMilliseconds(Patience)));
    }

    private sealed class Waiting(SampleRequest request, SamplingOptions options) : DecodeJob(request, options)
    {
        private readonly TaskCompletionSource<Rollout> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile int _leaveAfter = int.MaxValue;
        private volatile bool _left,
            _begun;

        internal Task<Rollout> Result => _result.Task;
        internal List<(DrawnToken Drawn, ImmutableArray<DrawnToken> Likeliest)> Tokens { get; } = [];
        internal List<(DrawnToken Given, ImmutableArray<DrawnToken> Likeliest)> Prompt { get; } = [];
        internal Action? Ended { get; set; }
        internal Action<int>? AfterToken { get; set; }
        internal bool HasBegun => _begun;

        public override bool IsAbandoned => _left;

        internal void Leave() => _left = true;

        internal void LeaveAfter(int tokens) => _leaveAfter = tokens;

        public override void OnPrompt(DrawnToken given, ImmutableArray<DrawnToken> likeliest) => Prompt.Add((given, likeliest));

        public override void OnDrawn(DrawnToken drawn, ImmutableArray<DrawnToken> likeliest)
        {
            _begun = true;
            Tokens.Add((drawn, likeliest));
            AfterToken?.Invoke(Tokens.Count);
            _left |= Tokens.Count >= _leaveAfter;
        }

        public override void OnFinished(Rollout rollout)
        {
            Ended?.Invoke();
            _result.TrySetResult(rollout);
        }

        public override void OnFailed(Exception problem) => _result.TrySetException(problem);
    }

    /// <summary>Gives its jobs one after another and notes how often it was asked.</summary>
    private sealed class Scripted : IDecodeQueue
    {
        private int _asked;

        internal Queue<DecodeJob> Steps { get; } = [];
        internal Action<int>? Asked { get; set; }

        public DecodeJob? Next(bool idle)
        {
            Asked?.Invoke(++_asked);
            return Steps.TryDequeue(out var job) ? job : null;
        }
    }
}
