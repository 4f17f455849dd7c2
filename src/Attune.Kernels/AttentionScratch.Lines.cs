using System.Runtime.Intrinsics;

namespace Attune.Kernels;

internal unsafe ref partial struct AttentionScratch<T>
{
    private readonly float Dot(void* output, void* gradient, int head, int t)
    {
        var at = (_firstToken + t) * _shape.Width + head * _width;
        var total = Vector512<float>.Zero;
        var i = 0;
        for (; i + 16 <= _width; i += 16)
        {
            total = Vector512.FusedMultiplyAdd(T.Load(output, at + i), T.Load(gradient, at + i), total);
        }

        var sum = Vector512.Sum(total);
        for (; i < _width; i++)
        {
            sum += T.LoadOne(output, at + i) * T.LoadOne(gradient, at + i);
        }

        return sum;
    }

    /// <summary>
    /// All tokens' numbers of one head, in the orders that are asked for: as rows of panels [part][time][64], as columns of panels [time /
    /// 64][width][64].
    /// </summary>
    /// <param name="panels">Null for none, and so for <paramref name="byWidth"/>.</param>
    private readonly void Load(void* source, int stride, int offset, float factor, bool isTurned, float* panels, float* byWidth)
    {
        for (var t = 0; t < _time; t += Group)
        {
            var count = Math.Min(Group, _time - t);
            for (var i = 0; i < count; i++)
            {
                var line = _line + i * _padded;
                LoadLine(source, (_firstToken + t + i) * stride + offset, factor, line);
                if (isTurned)
                {
                    Turn(line, t + i, 1);
                }

                ToPanels(line, panels, t + i);
            }

            if (byWidth is not null)
            {
                Spread(byWidth, t, count);
            }
        }
    }

    /// <summary>One token's numbers of one head, times a factor, zeros behind them.</summary>
    private readonly void LoadLine(void* source, long at, float factor, float* line)
    {
        var i = 0;
        for (; i + 16 <= _width; i += 16)
        {
            (T.Load(source, at + i) * factor).Store(line + i);
        }

        for (; i < _width; i++)
        {
            line[i] = T.LoadOne(source, at + i) * factor;
        }

        new Span<float>(line + _width, _padded - _width).Clear();
    }

    private readonly void StoreLine(void* target, int stride, int t, int offset, float* line)
    {
        var at = (_firstToken + t) * stride + offset;
        var i = 0;
        for (; i + 16 <= _width; i += 16)
        {
            T.Store(target, at + i, Vector512.Load(line + i));
        }

        for (; i < _width; i++)
        {
            T.StoreOne(target, at + i, line[i]);
        }
    }

    private readonly void Scale(float* line, float factor)
    {
        for (var i = 0; i < _padded; i += 16)
        {
            (Vector512.Load(line + i) * factor).Store(line + i);
        }
    }

    /// <summary>Turns a line by its position's angles (Su et al. 2021, rotate-half form), or back.</summary>
    private readonly void Turn(float* line, int t, int direction)
    {
        if (_view.Cosines == 0)
        {
            return;
        }

        var half = _width / 2;
        var at = (_view.AnglesPerToken ? _firstToken + t : t) * half;
        var cosines = (float*)_view.Cosines + at;
        var sines = (float*)_view.Sines + at;
        var i = 0;
        for (; i + 8 <= half; i += 8)
        {
            var (a, b) = (Vector256.Load(line + i), Vector256.Load(line + half + i));
            var (cosine, sine) = (Vector256.Load(cosines + i), Vector256.Load(sines + i) * direction);
            (a * cosine - b * sine).Store(line + i);
            (b * cosine + a * sine).Store(line + half + i);
        }

        for (; i < half; i++)
        {
            var (a, b, sine) = (line[i], line[half + i], direction * sines[i]);
            line[i] = a * cosines[i] - b * sine;
            line[half + i] = b * cosines[i] + a * sine;
        }
    }

    /// <summary>A line as a token's row of panels [part][time][64]; nothing where there are none.</summary>
    private readonly void ToPanels(float* line, float* panels, int t)
    {
        if (panels is null)
        {
            return;
        }

        for (var part = 0; part * Panel < _padded; part++)
        {
            var (from, to) = ((nint)(line + part * Panel), (nint)(panels + ((long)part * _time + t) * Panel));
            for (var i = 0; i < Panel; i += 16)
            {
                Vector512.Load((float*)from + i).Store((float*)to + i);
            }
        }
    }

    /// <summary>The loaded lines as columns of panels [time / 64][width][64].</summary>
    private readonly void Spread(float* byWidth, int t, int count)
    {
        var target = byWidth + (long)(t / Panel) * Panel * _width + t % Panel;
        for (var i = 0; i < _width; i += Group)
        {
            if (count == Group && i + Group <= _width)
            {
                SquareTranspose.Run(_line + i, _padded, target + (long)i * Panel, Panel);
                continue;
            }

            for (var row = 0; row < count; row++)
            {
                for (var j = i; j < Math.Min(_width, i + Group); j++)
                {
                    target[(long)j * Panel + row] = _line[row * _padded + j];
                }
            }
        }
    }
}
