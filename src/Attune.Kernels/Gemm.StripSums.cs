using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Attune.Kernels;

/// <summary>What the strips are made of.</summary>
public static unsafe partial class Gemm
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchLines(float* from, int lines)
    {
        for (var line = 0; Sse.IsSupported && line < lines; line++)
        {
            Sse.Prefetch1(from + line * FloatsPerLine);
        }
    }

    internal readonly struct Float32Weights : IStripWeights
    {
        public static int PerStep => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> First(float* words) => Vector256.Load(words);

        public static Vector256<float> Second(float* words) => Vector256<float>.Zero;
    }

    /// <summary>Two to a word, the first in its lower half.</summary>
    internal readonly struct BFloat16Weights : IStripWeights
    {
        public static int PerStep => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> First(float* words) => (Vector256.Load((uint*)words) << 16).AsSingle();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Second(float* words) => (Vector256.Load((uint*)words) & Vector256.Create(0xFFFF_0000u)).AsSingle();
    }

    /// <summary>A row's sums of 16 columns.</summary>
    internal struct TwoEights
    {
        private Vector256<float> _0,
            _1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Load(float* from) => (_0, _1) = (Vector256.Load(from), Vector256.Load(from + 8));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(float input, Vector256<float> w0, Vector256<float> w1)
        {
            var all = Vector256.Create(input);
            _0 = Vector256.FusedMultiplyAdd(all, w0, _0);
            _1 = Vector256.FusedMultiplyAdd(all, w1, _1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            _0.Store(target);
            _1.Store(target + 8);
        }
    }

    /// <summary>A row's sums of 32 columns.</summary>
    private struct FourEights
    {
        private Vector256<float> _0,
            _1,
            _2,
            _3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Load(float* from)
        {
            (_0, _1) = (Vector256.Load(from), Vector256.Load(from + 8));
            (_2, _3) = (Vector256.Load(from + 16), Vector256.Load(from + 24));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddFirst<T>(float input, float* words)
            where T : struct, IStripWeights
        {
            var all = Vector256.Create(input);
            _0 = Vector256.FusedMultiplyAdd(all, T.First(words), _0);
            _1 = Vector256.FusedMultiplyAdd(all, T.First(words + 8), _1);
            _2 = Vector256.FusedMultiplyAdd(all, T.First(words + 16), _2);
            _3 = Vector256.FusedMultiplyAdd(all, T.First(words + 24), _3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void AddSecond<T>(float input, float* words)
            where T : struct, IStripWeights
        {
            var all = Vector256.Create(input);
            _0 = Vector256.FusedMultiplyAdd(all, T.Second(words), _0);
            _1 = Vector256.FusedMultiplyAdd(all, T.Second(words + 8), _1);
            _2 = Vector256.FusedMultiplyAdd(all, T.Second(words + 16), _2);
            _3 = Vector256.FusedMultiplyAdd(all, T.Second(words + 24), _3);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(float* target)
        {
            _0.Store(target);
            _1.Store(target + 8);
            _2.Store(target + 16);
            _3.Store(target + 24);
        }
    }
}
