using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Ashlar.Benchmarks.Translation;

/// <summary>
/// The peer's decoding: batched beam search whose caches are reordered by <c>index_select</c> at every step, sentences that are
/// done leaving the batch in the same selection; and a greedy loop for single sentences. Candidates are compared as Ashlar's
/// search compares them, so that both find the same translations.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="suppressed">Ids that are never written.</param>
/// <param name="end">The id that ends a translation.</param>
/// <param name="lengthPenalty">alpha of ((5 + n) / 6)^alpha.</param>
internal sealed class TorchSearch(TorchTranslator model, int[] suppressed, int end, double lengthPenalty)
{
    /// <summary>The best translation of each source.</summary>
    /// <param name="sources">Source ids.</param>
    /// <param name="limits">Longest translation of each.</param>
    /// <param name="beams">Hypotheses kept.</param>
    public int[][] Beam(IReadOnlyList<int[]> sources, int[] limits, int beams)
    {
        using IDisposable inference = inference_mode();
        using DisposeScope all = NewDisposeScope();
        int vocabulary = model.Configuration.TargetVocabularySize, layers = model.Configuration.DecoderLayerCount;
        Tensor forbidden = tensor(suppressed.Select(id => (long)id).ToArray());
        List<Sentence> open = [.. limits.Select((limit, i) => new Sentence(i, limit, beams))];
        int[][] results = new int[sources.Count][];
        (Tensor Keys, Tensor Values)?[] target = new (Tensor, Tensor)?[layers];
        TorchTranslator.SourceCache source;
        using (DisposeScope encoding = NewDisposeScope())
        {
            source = model.Encode(sources);
            source.MoveToOuterScope();
        }

        Tensor tokens = full([open.Count * beams], (long)model.Configuration.Format.BeginId, ScalarType.Int64);
        for (int position = 0; open.Count > 0; position++)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor scores = tensor(open.SelectMany(sentence => sentence.Scores).ToArray(), [open.Count * beams, 1]);
            Tensor totals = functional.log_softmax(model.Step(tokens, position, beams, source, target), -1).add_(scores);
            if (suppressed.Length > 0)
                totals.index_fill_(1, forbidden, float.NegativeInfinity);
            (Tensor best, Tensor places) = totals.view(open.Count, beams * vocabulary).topk(2 * beams, -1);
            float[] values = best.data<float>().ToArray();
            long[] chosen = places.data<long>().ToArray();
            List<long> parents = [], rows = [], next = [];
            List<Sentence> rest = [];
            for (int row = 0; row < open.Count; row++)
            {
                Sentence sentence = open[row];
                int[] from = sentence.Step(values.AsSpan(row * 2 * beams, 2 * beams), chosen.AsSpan(row * 2 * beams, 2 * beams), vocabulary, end, lengthPenalty);
                if (sentence.Done)
                {
                    results[sentence.Index] = sentence.Best();
                    continue;
                }

                rest.Add(sentence);
                rows.Add(row);
                parents.AddRange(from.Select(beam => ((long)row * beams) + beam));
                next.AddRange(sentence.Tokens.Select(history => (long)history[^1]));
            }

            if (rest.Count == 0)
                break;
            Tensor order = tensor(parents.ToArray());
            for (int layer = 0; layer < layers; layer++)
            {
                (Tensor keys, Tensor cached) = target[layer]!.Value;
                target[layer] = (keys.index_select(0, order).MoveToOuterDisposeScope(), cached.index_select(0, order).MoveToOuterDisposeScope());
            }

            if (rest.Count < open.Count)
            {
                source = source.Select(tensor(rows.ToArray()));
                source.MoveToOuterScope();
            }

            tokens = tensor(next.ToArray()).MoveToOuterDisposeScope();
            open = rest;
        }

        return results;
    }

    /// <summary>The likeliest token at each step.</summary>
    public int[] Greedy(int[] sentence, int limit)
    {
        using IDisposable inference = inference_mode();
        using DisposeScope all = NewDisposeScope();
        Tensor forbidden = tensor(suppressed.Select(id => (long)id).ToArray());
        (Tensor Keys, Tensor Values)?[] target = new (Tensor, Tensor)?[model.Configuration.DecoderLayerCount];
        TorchTranslator.SourceCache source = model.Encode([sentence]);
        List<int> result = [];
        Tensor token = tensor(new long[] { model.Configuration.Format.BeginId });
        while (result.Count < limit)
        {
            using DisposeScope step = NewDisposeScope();
            Tensor logits = model.Step(token, result.Count, 1, source, target);
            if (suppressed.Length > 0)
                logits.index_fill_(1, forbidden, float.NegativeInfinity);
            token = logits.argmax(-1);
            int id = (int)token.item<long>();
            if (id == end)
                break;
            result.Add(id);
            token.MoveToOuterDisposeScope();
            foreach ((Tensor Keys, Tensor Values)? layer in target)
            {
                layer!.Value.Keys.MoveToOuterDisposeScope();
                layer.Value.Values.MoveToOuterDisposeScope();
            }
        }

        return [.. result];
    }

    // One sentence's hypotheses on the host.
    private sealed class Sentence(int index, int limit, int beams)
    {
        private readonly List<(double Score, int[] Tokens)> _finished = [];

        public int Index => index;

        public bool Done { get; private set; }

        public float[] Scores { get; } = [0, .. Enumerable.Repeat(float.NegativeInfinity, beams - 1)];

        public List<int>[] Tokens { get; private set; } = [.. Enumerable.Range(0, beams).Select(_ => new List<int>())];

        public int[] Best() => _finished.MaxBy(item => item.Score).Tokens;

        // Which beams the next ones come from.
        public int[] Step(ReadOnlySpan<float> values, ReadOnlySpan<long> places, int vocabulary, int end, double lengthPenalty)
        {
            int length = Tokens[0].Count + 1;
            List<(int Parent, int Token, float Score)> open = [];
            for (int rank = 0; rank < values.Length && open.Count < beams; rank++)
            {
                (int parent, int token) = ((int)(places[rank] / vocabulary), (int)(places[rank] % vocabulary));
                if (token != end)
                    open.Add((parent, token, values[rank]));
                else if (rank < beams)
                    _finished.Add((values[rank] / Divisor(length), [.. Tokens[parent]]));
            }

            // As long as a better end is possible.
            if (_finished.Count >= beams
                && (beams == 1 || open[0].Score / Divisor(lengthPenalty > 0 ? limit : length + 1) <= _finished.Select(item => item.Score).OrderDescending().ElementAt(beams - 1)))
            {
                Done = true;
                return [];
            }

            if (length == limit)
            {
                _finished.AddRange(open.Select(item => (item.Score / Divisor(length), (int[])[.. Tokens[item.Parent], item.Token])));
                Done = true;
                return [];
            }

            List<int>[] before = Tokens;
            Tokens = [.. open.Select(item => (List<int>)[.. before[item.Parent], item.Token])];
            for (int i = 0; i < beams; i++)
                Scores[i] = open[i].Score;
            return [.. open.Select(item => item.Parent)];

            double Divisor(int n) => Math.Pow((5 + n) / 6.0, lengthPenalty);
        }
    }
}
